package catalog

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Table is the content of a lookup. Every row has a value for every column.
type Table struct {
	Columns []string
	Rows    [][]string
}

// Bounds of a lookup table.
const (
	MaxTableBytes = 100 << 20
	maxTableCells = 10_000_000
	maxColumns    = 1000
)

const byteOrderMark = "\uFEFF"

// ReadTable reads CSV (RFC 4180) in UTF-8 whose first line names the columns. A
// byte-order mark at the start stays, as part of the name of the first column:
// published queries spell it so. Rows with nothing in them are left out.
func ReadTable(text []byte) (Table, error) {
	rows, err := readRows(text)
	if err != nil {
		return Table{}, err
	}
	if len(rows) == 0 {
		return Table{}, tableError("the file is empty; its first line must name the columns")
	}
	t := Table{Columns: rows[0], Rows: rows[1:]}
	if len(t.Columns) > maxColumns {
		return Table{}, tableError("the first line names %d columns; at most %d are allowed", len(t.Columns), maxColumns)
	}
	for i, name := range t.Columns {
		t.Columns[i] = strings.TrimSpace(name)
		switch {
		case strings.Trim(t.Columns[i], byteOrderMark) == "":
			return Table{}, tableError("column %d has no name; the first line must name every column", i+1)
		case len(name) > maxName:
			return Table{}, tableError("the name of column %d has more than %d bytes", i+1, maxName)
		}
		if slices.ContainsFunc(t.Columns[:i], func(s string) bool { return strings.EqualFold(s, t.Columns[i]) }) {
			return Table{}, tableError("two columns are named %.100q", t.Columns[i])
		}
	}
	return t, nil
}

// readMore reads CSV that goes below columns which exist. A first line that
// repeats their names is no row.
func readMore(columns []string, text []byte) ([][]string, error) {
	rows, err := readRows(text)
	if err != nil {
		return nil, err
	}
	if len(rows) > 0 && sameColumns(rows[0], columns) {
		rows = rows[1:]
	}
	switch {
	case len(rows) == 0:
		return nil, tableError("the file holds no rows to append")
	case len(rows[0]) != len(columns):
		return nil, tableError("a row has %d values, the lookup has %d columns", len(rows[0]), len(columns))
	}
	return rows, nil
}

func sameColumns(a, b []string) bool {
	plain := func(s string) string { return strings.ToLower(strings.TrimPrefix(strings.TrimSpace(s), byteOrderMark)) }
	return slices.EqualFunc(a, b, func(x, y string) bool { return plain(x) == plain(y) })
}

// readRows reads rows of equal length.
func readRows(text []byte) ([][]string, error) { return readUpTo(text, maxTableCells) }

// readUpTo reads rows that have together so many values at most.
func readUpTo(text []byte, most int) ([][]string, error) {
	if len(text) > MaxTableBytes {
		return nil, tableError("the file has more than %d MB", MaxTableBytes>>20)
	}
	if at := badByte(text); at >= 0 {
		return nil, tableError("line %d is not text in UTF-8; convert the file, or name its charEncoding", 1+bytes.Count(text[:at], []byte("\n")))
	}
	rest, marked := bytes.CutPrefix(text, []byte(byteOrderMark))
	in := csv.NewReader(bytes.NewReader(rest))
	in.FieldsPerRecord = -1
	var rows [][]string
	for {
		row, err := in.Read()
		var bad *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			if marked && len(rows) > 0 {
				rows[0][0] = byteOrderMark + rows[0][0]
			}
			return rows, nil
		case errors.As(err, &bad):
			return nil, tableError("line %d: %v; put values with quotes, commas or line ends in quotes and double the quotes in them", bad.StartLine, bad.Err)
		case err != nil:
			return nil, fmt.Errorf("catalog: lookup: %w", err)
		}
		if !slices.ContainsFunc(row, func(s string) bool { return s != "" }) {
			continue
		}
		for i, value := range row {
			row[i] = lineEnds(value)
		}
		if line, _ := in.FieldPos(0); len(rows) > 0 && len(row) != len(rows[0]) {
			return nil, tableError("line %d has %d values, the first line has %d", line, len(row), len(rows[0]))
		}
		rows = append(rows, row)
		if len(rows)*len(rows[0]) > most {
			return nil, tooManyCells(most)
		}
	}
}

// lineEnds ends each line of a value in "\n", as the CSV reader does but for
// repeated carriage returns: what is written must be read again as it was.
func lineEnds(value string) string {
	var out strings.Builder
	for {
		line, rest, found := strings.Cut(value, "\r\n")
		if !found {
			if out.Len() == 0 {
				return value
			}
			return out.String() + value
		}
		out.WriteString(strings.TrimRight(line, "\r"))
		out.WriteByte('\n')
		value = rest
	}
}

// badByte returns the place of what is no text, or -1.
func badByte(text []byte) int {
	zero := bytes.IndexByte(text, 0)
	if utf8.Valid(text) {
		return zero
	}
	at := 0
	for at != zero {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return at
}

func tooManyCells(most int) error {
	return tableError("the table has more than %d values; split it", most)
}

func tableError(format string, args ...any) error {
	return fmt.Errorf("%w lookup table: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// encodeRows writes rows so that readRows reads the same ones.
func encodeRows(rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("catalog: lookup: %w", err)
	}
	return append([]byte{}, b.Bytes()...), nil // not nil: the column takes no NULL
}
