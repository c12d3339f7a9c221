package query

import (
	"encoding/csv"
	"io"
)

// CSV writes rows as RFC 4180 has them. A missing value that is alone in its row is
// written in quotes, because an empty line is no row to those who read CSV.
type CSV struct {
	*csv.Writer
	out io.Writer
}

// NewCSV returns a writer that must be flushed in the end.
func NewCSV(w io.Writer) CSV { return CSV{csv.NewWriter(w), w} }

// Write writes a row.
func (c CSV) Write(row []string) error {
	if len(row) != 1 || row[0] != "" {
		return c.Writer.Write(row)
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return err
	}
	_, err := io.WriteString(c.out, "\"\"\n")
	return err
}
