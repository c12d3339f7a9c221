package content

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Bounds of the paths in an example.
const (
	maxExamplePaths = 2000
	maxExampleDepth = 64
)

func errManyPaths() error {
	return fmt.Errorf("%w example: it has more than %d paths or nests more than %d deep", ErrInvalid, maxExamplePaths, maxExampleDepth)
}

// FieldPaths lists what the fields of a parser can be mapped to by its example: the
// paths from an entry of JSON, those of XML, or the columns of what is delimited.
// Other kinds, and an example that cannot be read, are refused with ErrInvalid.
func (p *Parser) FieldPaths() ([]string, error) {
	switch p.Kind {
	case JSON:
		doc, err := exampleJSON(p.Example)
		if err != nil {
			return nil, err
		}
		paths := map[string]bool{}
		for _, node := range entriesAt(doc, p.Header) {
			if err := leafPaths(node, "$", 0, paths); err != nil {
				return nil, err
			}
		}
		return slices.Sorted(maps.Keys(paths)), nil
	case XML:
		found, err := readXMLPaths(p.Example)
		if err != nil {
			return nil, err
		}
		return slices.DeleteFunc(slices.Sorted(maps.Keys(found.fields)), func(path string) bool {
			return p.Header != "" && !strings.HasPrefix(path, p.Header+"/") // outside of the entries
		}), nil
	case Delimited:
		columns := strings.Split(firstLine(p.Example), p.Delimiter)
		for i, name := range columns {
			columns[i] = strings.Trim(strings.TrimSpace(name), p.Qualifier+`"`)
		}
		return columns, nil
	}
	return nil, fmt.Errorf("%w example: there are no paths in one for a parser of kind %s", ErrInvalid, p.Kind)
}

// EntryPath is a place where the entries of an example may be.
type EntryPath struct {
	Node   string // of JSON: the path of the object or array
	Header string // as the header of a parser names it
}

// EntryPaths lists where the entries of a parser's example may be: of JSON the whole
// document and each array of objects in it, of XML each element with others in it, of
// what is delimited its first line. Its errors are those of FieldPaths.
func (p *Parser) EntryPaths() ([]EntryPath, error) {
	var out []EntryPath
	switch p.Kind {
	case JSON:
		doc, err := exampleJSON(p.Example)
		if err != nil {
			return nil, err
		}
		err = entryPaths(doc, "$", 0, &out)
		return out, err
	case XML:
		found, err := readXMLPaths(p.Example)
		if err != nil {
			return nil, err
		}
		for _, path := range slices.Sorted(maps.Keys(found.entries)) {
			out = append(out, EntryPath{Header: path})
		}
		return out, nil
	case Delimited:
		return []EntryPath{{Header: firstLine(p.Example)}}, nil
	}
	return nil, fmt.Errorf("%w example: there are no paths in one for a parser of kind %s", ErrInvalid, p.Kind)
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimRight(line, "\r")
}

// exampleJSON reads the first JSON document of an example.
func exampleJSON(text string) (any, error) {
	var doc any
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&doc); err != nil {
		return nil, fmt.Errorf("%w example: it is not JSON: %w", ErrInvalid, err)
	}
	return doc, nil
}

// entriesAt returns the nodes that an entry path such as $.items:2 chooses; all of
// the document when it chooses none.
func entriesAt(doc any, header string) []any {
	path, _, _ := strings.Cut(header, ":")
	nodes := []any{doc}
	for _, name := range strings.Split(strings.TrimPrefix(path, "$"), ".") {
		if name = strings.TrimSuffix(name, "[*]"); name == "" {
			continue
		}
		var next []any
		for _, n := range nodes {
			if m, ok := n.(map[string]any); ok && m[name] != nil {
				next = append(next, m[name])
			}
		}
		nodes = next
	}
	var out []any
	for _, n := range nodes {
		if list, ok := n.([]any); ok {
			out = append(out, list...)
			continue
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		return []any{doc}
	}
	return out
}

func jsonMember(path, key string) string {
	if strings.ContainsAny(key, ".[]'\"") {
		return path + "['" + key + "']"
	}
	return path + "." + key
}

func leafPaths(v any, path string, depth int, paths map[string]bool) error {
	if depth > maxExampleDepth || len(paths) > maxExamplePaths {
		return errManyPaths()
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if err := leafPaths(e, jsonMember(path, k), depth+1, paths); err != nil {
				return err
			}
		}
	case []any:
		for _, e := range v {
			if err := leafPaths(e, path+"[*]", depth+1, paths); err != nil {
				return err
			}
		}
	default:
		paths[path] = true
	}
	return nil
}

// entryPaths lists the entry paths of a document: the path of each object with
// :0, of each array of objects with :2.
func entryPaths(v any, path string, depth int, out *[]EntryPath) error {
	if depth > maxExampleDepth || len(*out) > maxExamplePaths {
		return errManyPaths()
	}
	switch v := v.(type) {
	case map[string]any:
		*out = append(*out, EntryPath{path, path + ":0"})
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if err := entryPaths(v[k], jsonMember(path, k), depth+1, out); err != nil {
				return err
			}
		}
	case []any:
		if len(v) > 0 {
			if _, ok := v[0].(map[string]any); ok {
				*out = append(*out, EntryPath{path, path + ":2"})
			}
		}
	}
	return nil
}
