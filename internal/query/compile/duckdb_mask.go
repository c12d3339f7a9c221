package compile

import (
	"fmt"

	"ledgerline/internal/query/ops"
)

// mask writes the signature of a message as ops.Mask computes it.
func mask(message string) string {
	message = fmt.Sprintf("substring(%s, 1, %d)", message, ops.MaskLength)
	step := func(s string, r ops.Replacement) string {
		return "regexp_replace(" + s + ", " + text(r.Pattern) + ", " + text(r.With) + ", 'g')"
	}
	words := message
	for _, r := range ops.JSONSteps() {
		words = step(words, r)
	}
	return step("CASE WHEN starts_with("+message+", '{') THEN "+words+" ELSE "+message+" END", ops.MaskStep())
}
