package signature

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"
)

// Made with the signer of the official Go SDK v65.129.0.
const vectorKey = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuIZ2OctmBZSqPXgARF8v
qW3V01RFRJtUuKTdCiN2eSVa1Ivs/YcDvErZ3zalamIRYlKo3ezyjRXk+j0Z3ify
iRCOFGoICG70WxS5Pniu2ilbzdogZq2Rhcy/ctHFj2uVl/GDyG6BZ/qMfrfRQ+R8
CFu5WV4zGCRBMFkw+q9PW3RGrYOBVdUMviLxFBnqdSYxc+VVoW24I7IoO8U7ojcJ
F0FNfogElAcYkKaOwuUv8avIXdJxzInQaNiEU3rgiqiTO1yOHYzFGKz9C/RP4EIf
FIrWsjef4s3CWpa//srsxQ2Ha3CVSnl94mw4F2Awu3z0lOxcr7UPWc31sgHvIu6Q
0wIDAQAB
-----END PUBLIC KEY-----
`

const vectorKeyID = "ocid1.tenancy.oc1..exampletenancy/ocid1.user.oc1..exampleuser/42:aa:58:54:fa:7c:6e:ca:7b:66:c4:9b:34:88:d9:cd"

func TestVectors(t *testing.T) {
	key, err := ParsePublicKey([]byte(vectorKey))
	if err != nil {
		t.Fatal(err)
	}
	if f, err := Fingerprint(key); err != nil || f != "42:aa:58:54:fa:7c:6e:ca:7b:66:c4:9b:34:88:d9:cd" {
		t.Fatalf("fingerprint %s, %v", f, err)
	}
	v := New(keyFunc(func(id string) (*rsa.PublicKey, string, error) {
		if id != vectorKeyID {
			return nil, "", errors.New("no such key")
		}
		return key, "ocid1.user.oc1..exampleuser", nil
	}), Options{Clock: func() time.Time { return testDate }})
	const base = "Date: Tue, 02 Jan 2024 03:04:05 GMT\r\nHost: logs.example.test:8080\r\n"
	for _, k := range []struct {
		name, start, headers, more, body, signature string
		form                                        Form
	}{
		{"get", "GET /20200601/namespaces/demo/uploads?limit=2&name=a%20b", getSet, "", "",
			"fIMGkJrBsatAMfC1nEUns3TSTGZ08D0O/S1wd2w/g3bYhkivA45pHrDaipxVryyuvM8coa5xEZssayCVRhyEzUBlBOkF0N+g+dz6VFgtlJLBb5Lu4cpvtBUgyWaeSZe4989Cxf2z3WJ1tYlyswqfSAIii1w6/OrZq8a+fxARWbkY0aHWG6XFSGyk2PuVd6zX14DGbAdh28dcBeL1CEM9NQ3S7u3MIEYHBaUh37NCJytRIXSTxT+i+XuflkHC12Ai8ST0aUIXuE1vGWXY2C1OoBelOJ2+ubks2r0yCjOHeBSkH88fEtyk+LfOZSbwaBDvekF6AiC0iPx6Es9Ospi4vA==", WithBody},
		{"post", "POST /20200601/namespaces/demo/search/actions/parse", bodySet,
			"Content-Length: 19\r\nContent-Type: application/json\r\nX-Content-Sha256: f8Xo01xyimCzPuZnKG/oYntehUy7ETR9Vt/tkxoLlxI=\r\n",
			`{"queryString":"*"}`,
			"o8yebZFyF/CNuIq3vvt1n0UCmpZRPif39iklSkT0gASSJ3s5kD6OrL70x4awAkCunSBbgWuYZcSKCuqo5/yRFPaXCAMGGSN5Py2x0zteyznibFipZ5tpTHI4eLFfeY/KTAVw9Y5d3x5rM3FVt99DS1qvZllUKvPyMb9tvgClT95Ei2PTT14B7iu9S+5Vr/N7g4aKuV5ShpYakJjWUMdCiqpFlkj6Qaw7Y1HOhYMfg28/4vpWeqsS7aPK7VaTkbez+aj5ZfQPVKkAjDynQOIbzLpNT+BPVW+lau1ppD3pdnYznN9SUsNJMplyhyQBSZgTsz9BQ6KfEc9/qQLEte/RLQ==", WithBody},
		{"upload", "POST /20200601/namespaces/demo/actions/uploadLogFile?filename=a.log&logSourceName=My%20Source", getSet,
			"Content-Length: 6\r\n", "hello\n",
			"TAotRHCVrPA7V/jZ8ZUWmR3UMfynwfgK+PJMazrTPWMD8f/rrvEDOXP+x1lBbgPNBlZi7q8t6qiCTUeT/qVcV8JQZExQYSL8Hg1CaUwjuQJYQuzwXwqEP9AIECRQLJ75Z3KXDCKbvx/kRBn8qA3H195qT9/CrkpS8yq/r/dG9eoj4VrVBFg0R5h3hu9a7iFyqv2SAQPvcSqVDgeLvExB0fKGYAPQhko87bQpLse0igR6eTybo/XIth46TtJGiDcs7+UGCfS8GMNrqrLqzKENPYOL+LZ0A1G+6qh6AtfoQiCB2Vrmd4slIzEx18brCePwlp05V95w8LEAihfhVeX6tw==", BodyUnsigned},
	} {
		t.Run(k.name, func(t *testing.T) {
			auth := fmt.Sprintf(`Signature version="1",headers="%s",keyId="%s",algorithm="rsa-sha256",signature="%s"`, k.headers, vectorKeyID, k.signature)
			r := arrived(t, k.start+" HTTP/1.1\r\n"+base+k.more+"Authorization: "+auth+"\r\n\r\n"+k.body)
			id, body, err := v.Verify(context.Background(), r, k.form)
			if err != nil {
				t.Fatal(err)
			}
			if id.User != "ocid1.user.oc1..exampleuser" {
				t.Errorf("user %s", id.User)
			}
			if got, err := io.ReadAll(body); err != nil || string(got) != k.body {
				t.Errorf("body %q, %v", got, err)
			}
		})
	}
}

func TestParsePublicKeyRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":     "",
		"private key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"garbage":     "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		"elliptic curve": "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n" +
			"6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n-----END PUBLIC KEY-----\n",
	} {
		if _, err := ParsePublicKey([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
