package content

import (
	"fmt"
	"strconv"
	"strings"
)

// ParserFunction is what a parser does beside its expression: a ParserPlugin of
// content files.
type ParserFunction struct {
	Name     string
	Plugin   string
	Priority int
	Enabled  bool
	Params   []Parameter
}

// Parameter is a parameter of a function.
type Parameter struct{ Name, Value string }

// MasterDetail is the one plugin that is run: the values that a header parser reads
// from a line are given to the entries after it. Others are kept.
const (
	MasterDetail = "master_detail"
	HeaderParser = "header_parser_name" // its parameter
)

// Functions lists what the parser does beside its expression.
func (p *Parser) Functions() ([]ParserFunction, error) {
	groups, err := unpacked(p.Plugins)
	if err != nil {
		return nil, fmt.Errorf("parser %q: %w", clip(p.Name), err)
	}
	var out []ParserFunction
	for _, group := range groups {
		for _, n := range group.all("ParserPlugin") {
			f := ParserFunction{Name: n.word("Name"), Plugin: n.word("Type"), Priority: number(n.word("Priority")), Enabled: n.word("IsEnabled") != "0"}
			for _, param := range n.child("Params").all("Param") {
				f.Params = append(f.Params, Parameter{param.attr("name"), strings.TrimSpace(param.text)})
			}
			out = append(out, f)
		}
	}
	return out, nil
}

// SetFunctions says what the parser does beside its expression.
func (p *Parser) SetFunctions(list []ParserFunction) {
	if p.Plugins = nil; len(list) == 0 {
		return
	}
	group := element("ParserPlugins")
	for _, f := range list {
		params := element("Params")
		for _, v := range f.Params {
			params.add(leaf("Param", v.Value).with("name", v.Name))
		}
		group.add(element("ParserPlugin").optional("Name", f.Name).add(leaf("Type", f.Plugin), leaf("Priority", strconv.Itoa(f.Priority)),
			leaf("IsSystem", "0"), leaf("IsEnabled", flag(f.Enabled)), params))
	}
	p.Plugins = packed([]*node{group})
}

// headerParsers names the parsers of the lines whose values the entries after them get.
func (p *Parser) headerParsers() ([]string, error) {
	functions, err := p.Functions()
	var out []string
	for _, f := range functions {
		for _, v := range f.Params {
			if f.Enabled && f.Plugin == MasterDetail && v.Name == HeaderParser {
				out = append(out, v.Value)
			}
		}
	}
	return out, err
}
