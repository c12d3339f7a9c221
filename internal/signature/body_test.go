package signature

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// pieces hides what strings.Reader knows of its end: that comes with a Read of its own, as HTTP/2
// may give it.
func pieces(s string) io.ReadCloser { return io.NopCloser(iotest.OneByteReader(strings.NewReader(s))) }

// verifiedBody is the body of a request that was signed for one text and carries another.
func verifiedBody(t *testing.T, signed string, length int64, sent io.ReadCloser) io.ReadCloser {
	t.Helper()
	c := newClient(t, 2048)
	v := New(one(&c.key.PublicKey), Options{Clock: func() time.Time { return testDate }})
	r := arrived(t, c.request(t, "POST /a", getSet+" x-content-sha256", "", "Date: "+at(0), "Host: h", "X-Content-Sha256: "+digest(signed)))
	r.Body, r.ContentLength = sent, length
	_, body, err := v.Verify(context.Background(), r, BodyUnsigned)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestAReaderThatStopsAtTheLengthIsTold(t *testing.T) {
	buffer := make([]byte, 4)
	body := verifiedBody(t, "good", 4, pieces("evil"))
	if n, err := io.ReadFull(body, buffer[:3]); n != 3 || err != nil {
		t.Fatalf("before the end: %d bytes, %v", n, err)
	}
	if _, err := body.Read(buffer); !errors.Is(err, ErrBody) {
		t.Errorf("with the last byte: %v", err)
	}
	for range 2 { // and for good
		if n, err := body.Read(buffer); n != 0 || !errors.Is(err, ErrBody) {
			t.Errorf("afterwards: %d bytes, %v", n, err)
		}
	}
	body = verifiedBody(t, "good", 4, pieces("good"))
	for left := 4; left > 0; left-- {
		_, err := body.Read(buffer)
		if want := map[bool]error{true: io.EOF}[left == 1]; err != want {
			t.Errorf("%d bytes before the end: %v", left-1, err)
		}
	}
}

func TestABodyWithoutLengthIsHeldToItsDigest(t *testing.T) {
	for sent, want := range map[string]error{"good": nil, "evil": ErrBody, "": ErrBody, "good and more": ErrBody} {
		if _, err := io.ReadAll(verifiedBody(t, "good", -1, pieces(sent))); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", sent, err, want)
		}
	}
}

// A connection that breaks is not a forged body.
func TestABrokenBodySaysSo(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("go"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := io.ReadAll(verifiedBody(t, "good", 4, io.NopCloser(broken))); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

func TestNoBodyAtAll(t *testing.T) {
	if text, err := io.ReadAll(verifiedBody(t, "", 0, nil)); len(text) != 0 || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

// What stands before the server may change the body, and leave the header as it was signed.
func TestTheCoveredLengthIsTheBodys(t *testing.T) {
	c := newClient(t, 2048)
	v := New(one(&c.key.PublicKey), Options{Clock: func() time.Time { return testDate }})
	r := arrived(t, c.request(t, "POST /a", bodySet, "{}", "Date: "+at(0), "Host: h", "Content-Length: 2", "Content-Type: x", "X-Content-Sha256: "+digest("{}")))
	r.ContentLength = 3
	if _, _, err := v.Verify(context.Background(), r, WithBody); err == nil || !strings.Contains(err.Error(), "is not the length") {
		t.Errorf("%v", err)
	}
}
