package config

import (
	"path"
	"time"
)

// KindFiles reads what is put into a folder.
const KindFiles = "files"

// Files says which files are read, and when they are whole.
type Files struct {
	Path     string // absolute; a file, or a folder with its subfolders
	Pattern  string // of file names, as path.Match has it
	Settle   time.Duration
	Instance string // part of the identity of audit records, which name no instance
}

func readFiles(s *section, in *Integration) {
	f := &Files{
		Path:     s.r.path(s.need("path", "./logs")),
		Pattern:  s.str("pattern", "*"),
		Settle:   s.duration("settle", time.Minute, 0),
		Instance: s.str("instance", ""),
	}
	if _, err := path.Match(f.Pattern, ""); err != nil {
		s.r.problem(s.lineAt("pattern"), "%s is %q; write a file name with * for any text, such as *.log.gz", s.at("pattern"), f.Pattern)
	}
	in.Files = f
}
