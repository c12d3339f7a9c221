package content

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	xmlMaxDepth = 64
	xmlMaxNodes = 500_000
)

// node is an XML element: a leaf with text, or a parent. Content files are
// handled as trees because what this program does not use must survive an
// export, and because renaming fields concerns the unused parts as well.
type node struct {
	name     string
	attrs    []xml.Attr
	text     string
	children []*node
}

// readXML reads one element with all that is in it. A document type declaration
// is refused: entities have no place in content files and are a way to attack.
func readXML(text []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(text))
	var stack []*node
	var root *node
	for count := 0; ; {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("content.xml: %w", err)
		}
		switch t := tok.(type) {
		case xml.Directive:
			return nil, errors.New("content.xml holds a document type declaration; remove it, entities are not accepted")
		case xml.StartElement:
			if count++; count > xmlMaxNodes || len(stack) >= xmlMaxDepth {
				return nil, fmt.Errorf("content.xml is too large: at most %d elements, %d deep", xmlMaxNodes, xmlMaxDepth)
			}
			n := &node{name: t.Name.Local}
			for _, a := range t.Attr {
				if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" {
					n.attrs = append(n.attrs, xml.Attr{Name: xml.Name{Local: a.Name.Local}, Value: a.Value})
				}
			}
			if len(stack) > 0 {
				top := stack[len(stack)-1]
				top.children = append(top.children, n)
			} else if root == nil {
				root = n
			}
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.ProcInst:
			if len(stack) > 0 && t.Target == instructionTarget && takesInstruction(stack[len(stack)-1]) {
				stack[len(stack)-1].add(leaf("?"+instructionTarget, string(t.Inst)))
			}
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].text += string(t)
			}
		}
	}
	if root == nil {
		return nil, errors.New("content.xml is empty")
	}
	root.trim()
	return root, nil
}

// trim drops the white space between elements. The text of a leaf is left
// alone: a blank at the end of a regular expression means something.
func (n *node) trim() {
	if len(n.children) > 0 {
		n.text = ""
	}
	for _, c := range n.children {
		c.trim()
	}
}

func (n *node) attr(name string) string {
	for _, a := range n.attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func (n *node) child(name string) *node {
	if n == nil {
		return nil
	}
	for _, c := range n.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

func (n *node) all(name string) []*node {
	if n == nil {
		return nil
	}
	var out []*node
	for _, c := range n.children {
		if c.name == name {
			out = append(out, c)
		}
	}
	return out
}

// value is the text of a child, verbatim; word is the same without blanks around it.
func (n *node) value(name string) string {
	if c := n.child(name); c != nil {
		return c.text
	}
	return ""
}

func (n *node) word(name string) string { return strings.TrimSpace(n.value(name)) }

// walk visits the element and all below it.
func (n *node) walk(visit func(*node)) {
	visit(n)
	for _, c := range n.children {
		c.walk(visit)
	}
}

// element makes a parent; leaf one with text.
func element(name string, children ...*node) *node { return &node{name: name, children: children} }

func leaf(name, text string) *node { return &node{name: name, text: text} }

func (n *node) with(name, value string) *node {
	n.attrs = append(n.attrs, xml.Attr{Name: xml.Name{Local: name}, Value: value})
	return n
}

func (n *node) add(children ...*node) *node {
	for _, c := range children {
		if c != nil {
			n.children = append(n.children, c)
		}
	}
	return n
}

// optional adds a leaf unless its text is empty.
func (n *node) optional(name, text string) *node {
	if text != "" {
		n.add(leaf(name, text))
	}
	return n
}

func (n *node) write(b *bytes.Buffer, indent int) {
	pad := strings.Repeat("   ", indent)
	if strings.HasPrefix(n.name, "?") {
		b.WriteString(pad + "<" + n.name + " " + n.text + "?>\n")
		return
	}
	b.WriteString(pad + "<" + n.name)
	for _, a := range n.attrs {
		b.WriteString(" " + a.Name.Local + `="`)
		_ = xml.EscapeText(b, []byte(a.Value)) // a Buffer does not fail
		b.WriteString(`"`)
	}
	switch {
	case len(n.children) > 0:
		b.WriteString(">\n")
		for _, c := range n.children {
			c.write(b, indent+1)
		}
		b.WriteString(pad + "</" + n.name + ">\n")
	case n.text != "":
		b.WriteString(">")
		b.WriteString(leafEscaper.Replace(strings.ToValidUTF8(n.text, "\uFFFD")))
		b.WriteString("</" + n.name + ">\n")
	default:
		b.WriteString("/>\n")
	}
}

// leafEscaper keeps line breaks readable, which xml.EscapeText does not. A
// carriage return is escaped because readers of XML turn it into a line break.
var leafEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")

// packed serializes elements for keeping beside the typed form.
func packed(nodes []*node) []byte {
	if len(nodes) == 0 {
		return nil
	}
	var b bytes.Buffer
	for _, n := range nodes {
		n.write(&b, 0)
	}
	return b.Bytes()
}

func unpacked(text []byte) ([]*node, error) {
	if len(text) == 0 {
		return nil, nil
	}
	root, err := readXML([]byte("<r>" + string(text) + "</r>"))
	if err != nil {
		return nil, err
	}
	return root.children, nil
}
