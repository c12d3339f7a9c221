package api

import (
	"bytes"
	"encoding/json"
	"slices"

	"ledgerline/internal/content"
)

// keptLists are members of Oracle's model of a log source that this server keeps for
// its clients, so that what is read can be written back, and does not act upon.
type keptLists struct {
	MetricDefinitions keptList `json:"metricDefinitions,omitempty"`
	Endpoints         keptList `json:"endpoints,omitempty"`
	SourceProperties  keptList `json:"sourceProperties,omitempty"`
}

func (l *keptLists) each(visit func(name string, list *keptList)) {
	visit("metricDefinitions", &l.MetricDefinitions)
	visit("endpoints", &l.Endpoints)
	visit("sourceProperties", &l.SourceProperties)
}

// keptList is a list of objects whose members are nobody's business here.
type keptList []map[string]any

func (l *keptList) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // an id may be larger than a float tells apart
	var fresh []map[string]any
	err := d.Decode(&fresh)
	*l = slices.DeleteFunc(fresh, func(m map[string]any) bool { return m == nil })
	return err
}

// kept is what a log source keeps of the lists.
func (l keptLists) kept() map[string]json.RawMessage {
	var out map[string]json.RawMessage
	l.each(func(name string, list *keptList) {
		text, err := json.Marshal(*list)
		if len(*list) == 0 || err != nil { // what was decoded always marshals
			return
		}
		if out == nil {
			out = map[string]json.RawMessage{}
		}
		out[name] = text
	})
	return out
}

// keptOf is kept backwards.
func keptOf(v content.Source) keptLists {
	var l keptLists
	l.each(func(name string, list *keptList) {
		if text := v.Kept[name]; text != nil {
			_ = list.UnmarshalJSON(text) // it was marshalled by kept
		}
	})
	return l
}
