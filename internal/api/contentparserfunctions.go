package api

import (
	"cmp"
	"strings"

	"ledgerline/internal/content"
)

// parserFunctionModel is what a parser does beside its expression.
type parserFunctionModel struct {
	Name       string                 `json:"parserFunctionName"`
	Plugin     string                 `json:"parserMetaPluginName"`
	Priority   int                    `json:"parserFunctionPriority"`
	ParserName string                 `json:"parserName,omitempty"`
	IsEnabled  *bool                  `json:"isEnabled,omitempty"`
	Parameters []pluginParameterModel `json:"parserFunctionParameters"`
}

type pluginParameterModel struct {
	Name  string `json:"parserMetaPluginParameterName"`
	Value string `json:"parserMetaPluginParameterValue"`
}

// functionsFrom reads the functions of a parser. What is not run is refused, since
// nobody would miss it before the records are read wrongly.
func functionsFrom(list []parserFunctionModel, kind content.ParserKind) ([]content.ParserFunction, error) {
	var out []content.ParserFunction
	for i, m := range list {
		f := content.ParserFunction{Name: m.Name, Plugin: cmp.Or(m.Plugin, content.MasterDetail), Priority: m.Priority, Enabled: enabled(m.IsEnabled)}
		if f.Plugin != content.MasterDetail || kind != content.Regex {
			return nil, invalid("parserFunctions[%d]: only %s of a REGEX parser is run; import a content ZIP to keep others", i, content.MasterDetail)
		}
		for _, v := range m.Parameters {
			if v.Name != content.HeaderParser || strings.TrimSpace(v.Value) == "" {
				return nil, invalid("parserFunctions[%d]: %s has the parameter %s, the name of a parser", i, content.MasterDetail, content.HeaderParser)
			}
			f.Params = append(f.Params, content.Parameter{Name: v.Name, Value: strings.TrimSpace(v.Value)})
		}
		if len(f.Params) != 1 {
			return nil, missing("parserFunctions.parserFunctionParameters with " + content.HeaderParser)
		}
		out = append(out, f)
	}
	return out, nil
}

func parserFunctionsOf(p content.Parser) []parserFunctionModel {
	functions, _ := p.Functions() // what cannot be read was refused when it came
	return mapped(functions, func(f content.ParserFunction) parserFunctionModel {
		return parserFunctionModel{Name: f.Name, Plugin: f.Plugin, Priority: f.Priority, ParserName: p.Name, IsEnabled: &f.Enabled,
			Parameters: mapped(f.Params, func(v content.Parameter) pluginParameterModel { return pluginParameterModel(v) })}
	})
}

// listParserFunctions lists the functions of one parser, or of all.
func (s *Server) listParserFunctions(c *call) (*response, error) {
	name, err := c.param("parserName")
	if err != nil {
		return nil, err
	}
	var list []parserFunctionModel
	for _, p := range s.Library.Parsers() {
		if name == "" || strings.EqualFold(p.Name, name) || strings.EqualFold(p.Display, name) {
			list = append(list, parserFunctionsOf(p)...)
		}
	}
	return listItems(c, list, "name", func(parserFunctionModel) bool { return true },
		map[string]func(parserFunctionModel) string{"name": func(f parserFunctionModel) string { return f.ParserName + "\n" + f.Name }},
		func(f parserFunctionModel) parserFunctionModel { return f })
}

type metaPluginModel struct {
	Name        string                     `json:"name"`
	DisplayName string                     `json:"displayName"`
	Description string                     `json:"description"`
	Parameters  []metaPluginParameterModel `json:"metaPluginParameters"`
}

type metaPluginParameterModel struct {
	Name         string `json:"name"`
	Description  string `json:"description"`
	IsMandatory  bool   `json:"isMandatory"`
	IsRepeatable bool   `json:"isRepeatable"`
	PluginName   string `json:"pluginName"`
	Type         string `json:"type"`
}

// listParserPlugins lists what functions of parsers can do here.
func (s *Server) listParserPlugins(c *call) (*response, error) {
	list := []metaPluginModel{{Name: content.MasterDetail, DisplayName: "Master and details", Description: "Entries get the values that a header parser reads from the line before them",
		Parameters: []metaPluginParameterModel{{Name: content.HeaderParser, Description: "The parser of such lines", IsMandatory: true, PluginName: content.MasterDetail, Type: "STRING"}}}}
	return listItems(c, list, "name", func(metaPluginModel) bool { return true },
		map[string]func(metaPluginModel) string{"name": func(m metaPluginModel) string { return m.Name }}, func(m metaPluginModel) metaPluginModel { return m })
}
