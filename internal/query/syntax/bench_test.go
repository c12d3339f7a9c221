package syntax

import (
	"strings"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	short := "'Log Source' = 'Linux Syslog Logs' and Severity in (error, fatal) | stats count as n by Entity | sort -n | head limit = 20"
	for name, text := range map[string]string{
		"short":    short,
		"1000":     "*" + strings.Repeat(" | where a = 'b' and length(c) > 5", 1000),
		"megabyte": "A in (x" + strings.Repeat(", 'y z'", (MaxBytes-10)/7) + ")",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
