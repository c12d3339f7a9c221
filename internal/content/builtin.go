package content

import (
	"embed"
	"encoding/csv"
	"fmt"
	"strings"

	"ledgerline/internal/record"
)

//go:embed builtin
var builtinFiles embed.FS

// Names of fields that this package itself sets or reads.
const (
	fieldTime        = "time"
	fieldText        = "mbody"
	fieldLabels      = "mtag"
	fieldPriority    = "mtagpriority"
	fieldParseFailed = "parsefailed"
	fieldTruncated   = "truncated"
	fieldTimeAssumed = "timeassumed"
)

// builtin returns the content every installation starts with.
func builtin(opts Options) (*snapshot, error) {
	s := newSnapshot(opts)
	if err := s.addBuiltinFields(); err != nil {
		return nil, fmt.Errorf("builtin/fields.csv: %w", err)
	}
	entries, err := builtinFiles.ReadDir("builtin")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".xml") {
			continue
		}
		text, err := builtinFiles.ReadFile("builtin/" + e.Name())
		if err != nil {
			return nil, err
		}
		file, err := decodeContent(text)
		if err != nil {
			return nil, fmt.Errorf("builtin/%s: %w", e.Name(), err)
		}
		for i := range file.Parsers {
			file.Parsers[i].System = true
			s.parsers.put(&file.Parsers[i])
		}
		for i := range file.Sources {
			file.Sources[i].System = true
			s.sources.put(&file.Sources[i])
		}
		for i := range file.Labels {
			file.Labels[i].System = true
			s.labels.put(&file.Labels[i])
		}
	}
	return s, nil
}

func (s *snapshot) addBuiltinFields() error {
	f, err := builtinFiles.Open("builtin/fields.csv")
	if err != nil {
		return err
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		return err
	}
	for _, row := range rows {
		t, ok := record.ParseType(row[2])
		if !ok {
			return fmt.Errorf("field %s has the unknown type %q", row[0], row[2])
		}
		flags := row[3]
		s.fields.put(&record.Field{
			Name: row[0], Display: row[1], Type: t, System: true, Unit: row[4], Description: row[5],
			MultiValued: strings.Contains(flags, "M"), LargeData: strings.Contains(flags, "L"),
		})
		if strings.Contains(flags, "O") {
			s.own[row[0]] = true
		}
		if strings.Contains(flags, "E") {
			s.every[row[0]] = true
		}
	}
	return nil
}
