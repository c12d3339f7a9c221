package syntax

import "strings"

// Tokens splits a text, right or wrong, into its tokens for highlighting.
// Words that are commands, keywords or functions where they stand have those
// kinds; space between tokens is left out.
func Tokens(text string) []Token {
	tokens := lex(text)
	commands, functions := CommandInfos(), append(Scalars(), Aggregates()...)
	start, afterPipe := true, false
	for i := range tokens {
		t := &tokens[i]
		word := strings.ToLower(text[t.Start:t.End])
		switch t.Kind {
		case TokenComment:
			continue
		case TokenPipe:
			start, afterPipe = true, true
			continue
		case TokenPunct:
			start, afterPipe = word == "[" || word == "}", false
			continue
		case TokenWord:
			next := ""
			if i+1 < len(tokens) {
				next = text[tokens[i+1].Start:tokens[i+1].End]
			}
			_, command := findCommand(commands, word)
			_, function := findFunction(functions, word)
			switch {
			case start && afterPipe && command,
				start && (word == "searchlookup" || word == "search" || word == "init" && next == "{"):
				t.Kind = TokenCommand
			case reserved(word):
				t.Kind = TokenKeyword
			case next == "(" && (function || word == "cluster" || word == "keywords"):
				t.Kind = TokenFunction
			}
		}
		start, afterPipe = false, false
	}
	return tokens
}
