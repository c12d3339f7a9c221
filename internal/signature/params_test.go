package signature

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestParseOrdersOfClients(t *testing.T) {
	sig := base64.StdEncoding.EncodeToString([]byte("signed"))
	for name, header := range map[string]string{
		"Go":         `Signature version="1",headers="date (request-target) host",keyId="t/u/f",algorithm="rsa-sha256",signature="` + sig + `"`,
		"Python":     `Signature algorithm="rsa-sha256",headers="date (request-target) host",keyId="t/u/f",signature="` + sig + `",version="1"`,
		"fluent-bit": `Signature version="1",keyId="t/u/f",algorithm="rsa-sha256",headers="date (request-target) host",signature="` + sig + `"`,
		"loose":      `sIGNATURE   KeyID = "t/u/f" , ALGORITHM="rsa-sha256",  headers="Date  (Request-Target) Host",signature="` + sig + `",, version=1, new="x"`,
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(header)
			if err != nil {
				t.Fatal(err)
			}
			if p.Version != "1" || p.KeyID != "t/u/f" || p.Algorithm != "rsa-sha256" || string(p.Signature) != "signed" {
				t.Errorf("read %+v", p)
			}
			if want := []string{"date", "(request-target)", "host"}; !slices.Equal(p.Headers, want) {
				t.Errorf("headers %q, want %q", p.Headers, want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const ok = `version="1",keyId="k",algorithm="rsa-sha256",headers="date",signature="AAAA"`
	if _, err := Parse("Signature " + ok); err != nil {
		t.Fatal(err)
	}
	for name, header := range map[string]string{
		"nothing":            ``,
		"scheme alone":       `Signature`,
		"other scheme":       `Bearer ` + ok,
		"open quote":         `Signature ` + strings.TrimSuffix(ok, `"`),
		"no comma":           `Signature ` + strings.Replace(ok, `,`, ` `, 1),
		"glued":              `Signature ` + strings.Replace(ok, `",`, `"`, 1),
		"twice":              `Signature ` + ok + `,keyId="k"`,
		"twice, other case":  `Signature ` + ok + `,KEYID="k"`,
		"no key":             `Signature ` + strings.Replace(ok, `keyId`, `key`, 1),
		"no headers":         `Signature ` + strings.Replace(ok, `headers="date",`, ``, 1),
		"empty headers":      `Signature ` + strings.Replace(ok, `"date"`, `" "`, 1),
		"header twice":       `Signature ` + strings.Replace(ok, `"date"`, `"date Date"`, 1),
		"pseudo header":      `Signature ` + strings.Replace(ok, `"date"`, `"date (created)"`, 1),
		"no signature":       `Signature ` + strings.Replace(ok, `AAAA`, ``, 1),
		"signature no b64":   `Signature ` + strings.Replace(ok, `AAAA`, `A*AA`, 1),
		"signature url b64":  `Signature ` + strings.Replace(ok, `AAAA`, `A-_A`, 1),
		"signature cut":      `Signature ` + strings.Replace(ok, `AAAA`, `AAAA*`, 1),
		"loose padding":      `Signature ` + strings.Replace(ok, `AAAA`, `AB==`, 1),
		"escape":             `Signature ` + strings.Replace(ok, `"k"`, `"k\x"`, 1),
		"name with space":    `Signature ` + ok + `,a b="c"`,
		"too many headers":   `Signature ` + strings.Replace(ok, `"date"`, `"`+many(maxCovered+1)+`"`, 1),
		"too many parameter": `Signature ` + ok + `,` + strings.ReplaceAll(many(maxParameters), " ", `="",`) + `=""`,
		"too long":           `Signature ` + ok + `,x="` + strings.Repeat("x", maxHeaderBytes) + `"`,
	} {
		if p, err := Parse(header); err == nil {
			t.Errorf("%s: read %+v", name, p)
		}
	}
}

func many(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("h%d", i)
	}
	return strings.Join(names, " ")
}

// What Parse accepts, printed in the order of the Go SDK, is read as the same.
func FuzzParse(f *testing.F) {
	f.Add(`Signature version="1",headers="date (request-target) host",keyId="t/u/f",algorithm="rsa-sha256",signature="AAAA"`)
	f.Add(`signature keyId=k , headers=date,signature=AAAA`)
	f.Add(`Signature =,",\"`)
	f.Fuzz(func(t *testing.T, header string) {
		p, err := Parse(header)
		if err != nil {
			return
		}
		again, err := Parse(fmt.Sprintf(`Signature version="%s",headers="%s",keyId="%s",algorithm="%s",signature="%s"`, p.Version,
			strings.Join(p.Headers, " "), p.KeyID, p.Algorithm, base64.StdEncoding.EncodeToString(p.Signature)))
		if err != nil {
			t.Fatalf("%q: %v", header, err)
		}
		if again.Version != p.Version || again.KeyID != p.KeyID || again.Algorithm != p.Algorithm ||
			!slices.Equal(again.Headers, p.Headers) || string(again.Signature) != string(p.Signature) {
			t.Fatalf("%q: read %+v, then %+v", header, p, again)
		}
	})
}
