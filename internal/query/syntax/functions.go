package syntax

import "slices"

// Function describes a function of the language by its name, in lower case, and
// the number of arguments it takes.
type Function struct {
	Name     string
	Min, Max int    // Max is -1 for no limit
	Usage    string // arguments as documented; optional ones in brackets
}

// Aggregates lists the aggregate functions. first, last, nthval, lag, lead and
// rownum are those of eventstats, persecond that of timestats.
func Aggregates() []Function {
	return []Function{
		{"avg", 1, 1, "field"},
		{"count", 0, 1, "[field]"},
		{"distinctcount", 1, 1, "field"},
		{"earliest", 1, 1, "field"},
		{"first", 1, 1, "field"},
		{"ifnull", 2, 2, "aggregate, default"},
		{"lag", 1, 1, "field"},
		{"last", 1, 1, "field"},
		{"latest", 1, 1, "field"},
		{"lead", 1, 1, "field"},
		{"max", 1, 1, "field"},
		{"median", 1, 1, "field"},
		{"min", 1, 1, "field"},
		{"nthval", 2, 2, "field, n"},
		{"pct", 2, 2, "field, percentile"},
		{"persecond", 1, 1, "field"},
		{"rownum", 0, 0, ""},
		{"stddev", 1, 1, "field"},
		{"sum", 1, 1, "field"},
		{"trend", 0, 2, "[aggregate], [duration]"},
		{"unique", 1, 2, "field, [delimiter]"},
		{"values", 1, 2, "field, [delimiter]"},
	}
}

// Scalars lists the functions of expressions.
func Scalars() []Function {
	return []Function{
		{"abs", 1, 1, "number"},
		{"capitalize", 1, 1, "string"},
		{"ceil", 1, 1, "number"},
		{"cidrmatch", 2, -1, "ip, range"},
		{"concat", 2, -1, "string, string"},
		{"contains", 2, 2, "string, part"},
		{"dateadd", 3, 3, "date, property, amount"},
		{"daterelative", 1, 2, "duration"},
		{"dateset", 3, -1, "date, property, value"},
		{"decode64", 1, 1, "string"},
		{"distance", 2, 4, "latitude, longitude, latitude, longitude"},
		{"encode64", 1, 1, "string"},
		{"floor", 1, 1, "number"},
		{"formatdate", 1, 2, "date, [format]"},
		{"formatduration", 1, 1, "milliseconds"},
		{"if", 2, -1, "condition, value, [condition, value], default"},
		{"ifnull", 2, 2, "value, default"},
		{"indexof", 2, 3, "string, part, [from]"},
		{"lastindexof", 2, 3, "string, part, [from]"},
		{"length", 1, 1, "string"},
		{"literal", 1, 1, "word"},
		{"lower", 1, 1, "string"},
		{"ltrim", 2, 2, "string, characters"},
		{"max", 2, 2, "number, number"},
		{"md5", 1, 1, "string"},
		{"min", 2, 2, "number, number"},
		{"now", 0, 0, ""},
		{"power", 2, 2, "number, exponent"},
		{"replace", 3, -1, "string, old, new, [old, new]"},
		{"reverse", 1, 1, "string"},
		{"round", 1, 2, "number, [digits]"},
		{"rtrim", 2, 2, "string, characters"},
		{"sha1", 1, 1, "string"},
		{"sha256", 1, 1, "string"},
		{"sha512", 1, 1, "string"},
		{"sqrt", 1, 1, "number"},
		{"substr", 2, 3, "string, start, [end]"},
		{"todate", 1, 2, "string, [format]"},
		{"toduration", 1, 1, "string"},
		{"tonumber", 1, 1, "string"},
		{"toradians", 1, 1, "degrees"},
		{"tostring", 1, 1, "number"},
		{"trim", 1, 2, "string, [characters]"},
		{"unit", 2, 2, "value, unit"},
		{"upper", 1, 1, "string"},
		{"url", 1, 2, "url, [label]"},
		{"urldecode", 1, 1, "string"},
		{"urlencode", 1, 1, "string"},
	}
}

// timeFunctions lists the functions allowed in the search clause.
func timeFunctions() []Function {
	var list []Function
	for _, f := range Scalars() {
		switch f.Name {
		case "dateadd", "daterelative", "dateset", "now":
			list = append(list, f)
		}
	}
	return list
}

// withoutParentheses reports whether an aggregate may stand without an argument list.
func withoutParentheses(name string) bool {
	switch name {
	case "count", "trend", "rownum":
		return true
	}
	return false
}

// findFunction finds a function by its name in any case.
func findFunction(list []Function, name string) (Function, bool) {
	i := slices.IndexFunc(list, func(f Function) bool { return sameWord(f.Name, name) })
	if i < 0 {
		return Function{}, false
	}
	return list[i], true
}

func functionNames(list []Function) []string {
	var names []string
	for _, f := range list {
		names = append(names, f.Name)
	}
	return names
}
