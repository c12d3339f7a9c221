package collect

import "path"

// Routes say under which stream of the stage a record is kept, by the type of
// its event. A staged file is parsed as one log source, so records of different
// logs that come mixed must not share a stream.
type Routes struct {
	Own   string  // takes what no route names
	Taken bool    // whether an upload takes Own; if none does, its records wait there and are counted
	Named []Route // the first that matches counts
}

// Route is a stream and the types of event it takes.
type Route struct {
	Stream string
	Types  []string // patterns of path.Match
}

// of returns the stream of a type and whether an upload takes it.
func (r Routes) of(eventType string) (stream string, taken bool) {
	for _, route := range r.Named {
		for _, pattern := range route.Types {
			if ok, err := path.Match(pattern, eventType); ok && err == nil {
				return route.Stream, true
			}
		}
	}
	return r.Own, r.Taken
}
