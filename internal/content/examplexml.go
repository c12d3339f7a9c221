package content

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// xmlPaths are the paths in an XML example, as XPath from its root: entries are
// elements that hold others, fields are attributes and elements with text. Oracle
// does not publish the form it gives them.
type xmlPaths struct {
	entries, fields map[string]bool
}

// readXMLPaths reads the first document of an example. Document types, and so
// entities of one's own, are refused.
func readXMLPaths(text string) (xmlPaths, error) {
	out := xmlPaths{map[string]bool{}, map[string]bool{}}
	bad := func(what string) (xmlPaths, error) {
		return out, fmt.Errorf("%w example: it is not XML that can be read: %s", ErrInvalid, what)
	}
	decoder := xml.NewDecoder(strings.NewReader(text))
	var open []string // the elements around the place that is read
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return bad(err.Error())
		}
		path := "/" + strings.Join(open, "/")
		switch t := token.(type) {
		case xml.Directive:
			return bad("it declares a document type, which may define entities")
		case xml.StartElement:
			if len(open) > 0 {
				out.entries[path] = true
			}
			open = append(open, t.Name.Local)
			path = "/" + strings.Join(open, "/")
			for _, a := range t.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					out.fields[path+"/@"+a.Name.Local] = true
				}
			}
		case xml.CharData:
			if len(open) > 0 && strings.TrimSpace(string(t)) != "" {
				out.fields[path] = true
			}
		case xml.EndElement:
			if open = open[:len(open)-1]; len(open) == 0 {
				return out, nil
			}
		}
		if len(open) > maxExampleDepth || len(out.fields)+len(out.entries) > maxExamplePaths {
			return out, errManyPaths()
		}
	}
	return bad("there is no element")
}
