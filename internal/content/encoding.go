package content

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// decodeText turns a body into a string of UTF-8. Names of encodings are those
// of the web (IANA names and their usual aliases); empty means UTF-8.
func decodeText(name string, body []byte) (string, error) {
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "", "UTF-8", "UTF8", "US-ASCII", "ASCII", "DEFAULT":
		return string(body), nil
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		return "", fmt.Errorf("character encoding %q is unknown; name another or convert the file to UTF-8", clip(name))
	}
	text, err := enc.NewDecoder().Bytes(body)
	if err != nil {
		return "", fmt.Errorf("the file is not in encoding %q: %w", clip(name), err)
	}
	return string(text), nil
}
