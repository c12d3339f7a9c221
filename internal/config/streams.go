package config

import (
	"path"
	"slices"
	"strings"
)

// Stream is the part of an integration's records that is staged, and delivered,
// by itself. A staged file is parsed as one log source, so records of different
// logs that come mixed must not share one.
type Stream struct {
	Name    string   // of the stage's files; the integration's own name, or that and a log source
	Types   []string // patterns of event types, as path.Match has them; none: what no other stream takes
	Uploads []Upload // none: the records wait in the stage until an upload takes them
}

// Streams lists an integration's own stream, which takes what no upload names
// by its types, and one for each log source that is named with types, in the
// order of the file. A record belongs to the first one whose types match.
func (in Integration) Streams() []Stream {
	streams := []Stream{{Name: in.Name}}
	for _, u := range in.Uploads {
		name := in.Name
		if len(u.Types) > 0 {
			name = streamName(in.Name, u.LogSource)
		}
		i := slices.IndexFunc(streams, func(s Stream) bool { return s.Name == name })
		if i < 0 {
			i = len(streams)
			streams = append(streams, Stream{Name: name, Types: u.Types})
		}
		streams[i].Uploads = append(streams[i].Uploads, u)
	}
	return streams
}

// longestStream is what the stage takes as the name of a folder.
const longestStream = 64

// streamName joins what names of integrations never hold, a dot, and the log
// source in letters that a folder may have.
func streamName(integration, source string) string {
	slug := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(source))
	name := integration + "." + slug
	return name[:min(len(name), longestStream)]
}

// checkStreams reports uploads whose types contradict each other.
func (s *section) checkStreams(in Integration, uploads []*section) {
	bySource, byStream := map[string]int{}, map[string]int{}
	for i, u := range in.Uploads {
		if len(u.Types) == 0 || u.LogSource == "" {
			continue
		}
		at := uploads[i]
		for _, t := range u.Types {
			if _, err := path.Match(t, ""); err != nil || t == "" {
				s.r.problem(at.lineAt("types"), "%s: %q is no pattern; write a type of event, with * for any text, such as com.oraclecloud.analytics.*.audit", at.at("types"), t)
			}
		}
		if first, ok := bySource[u.LogSource]; ok {
			if !slices.Equal(in.Uploads[first].Types, u.Types) {
				s.r.problem(at.lineAt("types"), "%s: the log source %q has other types in %s; write the same list in both", at.at("types"), u.LogSource, uploads[first].path)
			}
			continue
		}
		bySource[u.LogSource] = i
		name := streamName(in.Name, u.LogSource)
		if first, ok := byStream[name]; ok {
			s.r.problem(at.line, "%s and %s would share the folder %s of the stage; give the integration a shorter name", at.path, uploads[first].path, name)
		}
		byStream[name] = i
	}
}
