package content

import (
	"cmp"
	"strconv"
)

// No public content file holds data filters or metadata fields, so how Oracle writes
// them is not known. These elements are ours; their names are those of Oracle's API.

func encodeFilters(filters []DataFilter) *node {
	if len(filters) == 0 {
		return nil
	}
	all := element("DataFilters")
	for _, f := range filters {
		n := element("DataFilter", leaf("Name", f.Name)).with("order", strconv.Itoa(f.Order)).optional("Description", f.Description)
		n.add(leaf("FilterType", string(f.Kind)), leaf("MatchRegularExpression", f.Match)).optional("ReplacementString", f.Replacement)
		all.add(n.add(leaf("IsEnabled", flag(f.Enabled))))
	}
	return all
}

func decodeFilters(n *node) (out []DataFilter) {
	for _, f := range n.all("DataFilter") {
		out = append(out, DataFilter{Name: f.word("Name"), Description: f.value("Description"), Kind: FilterKind(f.word("FilterType")),
			Match: f.value("MatchRegularExpression"), Replacement: f.value("ReplacementString"), Order: number(f.attr("order")), Enabled: f.word("IsEnabled") != "0"})
	}
	return out
}

func encodeMetadataFields(fields []MetadataField) *node {
	if len(fields) == 0 {
		return nil
	}
	all := element("MetadataFields")
	for _, m := range fields {
		all.add(element("MetadataField", leaf("Key", m.Key), leaf("FieldName", m.Field), leaf("IsEnabled", flag(m.Enabled))))
	}
	return all
}

func decodeMetadataFields(n *node) (out []MetadataField) {
	for _, m := range n.all("MetadataField") {
		out = append(out, MetadataField{Key: m.word("Key"), Field: cmp.Or(m.word("FieldName"), m.word("Key")), Enabled: m.word("IsEnabled") != "0"})
	}
	return out
}
