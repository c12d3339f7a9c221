package plan

import (
	"regexp"

	"ledgerline/internal/query/syntax"
)

// call plans a call of a scalar function (section 9 of the reference). The
// parser has checked its name and the number of its arguments.
func (p *planner) call(f *frame, x *syntax.Call) Expr {
	switch x.Func {
	case "if":
		return p.ifCall(f, x)
	case "literal":
		return p.literalCall(x)
	case "now":
		return instant(p.env.Now)
	case "daterelative", "dateadd", "dateset":
		return p.dateCall(f, x)
	case "unit", "url", "formatdate", "todate":
		return p.formatCall(f, x)
	}
	args := make([]Expr, len(x.Args))
	for i, a := range x.Args {
		if args[i] = p.expr(f, a); args[i] == nil {
			return nil
		}
	}
	if e, ok := p.textCall(x, args); ok {
		return e
	}
	if e, ok := p.numberCall(x, args); ok {
		return e
	}
	if f.grouped() {
		// A column of an aggregate is named by its call.
		if c := f.lookupCall(callText(x)); c != nil {
			return ref(c)
		}
	}
	p.report(x, "Unexpected input for %s: %s", p.clause, x.Func)
	return nil
}

// textCall plans the functions of text; ok is false when it is none.
func (p *planner) textCall(x *syntax.Call, args []Expr) (e Expr, ok bool) {
	texts := make([]Expr, len(args))
	for i, a := range args {
		texts[i] = asText(a)
	}
	simple := func(op Op) (Expr, bool) { return call(op, String, texts...), true }
	switch x.Func {
	case "capitalize":
		return simple(Capitalize)
	case "concat":
		return simple(Concat)
	case "contains":
		return test(Contains, folded(texts[0]), folded(texts[1])), true
	case "encode64":
		return simple(Encode64)
	case "decode64":
		return simple(Decode64)
	case "indexof", "lastindexof":
		op := IndexOf
		if x.Func == "lastindexof" {
			op = LastIndexOf
		}
		// Both texts are folded: the service keeps them in lower case.
		found := []Expr{folded(texts[0]), folded(texts[1])}
		if len(args) == 3 {
			from := p.integer(x.Args[2], args[2])
			if from == nil {
				return nil, true
			}
			found = append(found, from)
		}
		return call(op, Int, found...), true
	case "length":
		return call(Length, Int, texts[0]), true
	case "lower":
		return call(Fold, String, texts[0]), true
	case "upper":
		return simple(Upper)
	case "ltrim":
		return simple(LTrim)
	case "rtrim":
		return simple(RTrim)
	case "trim":
		return simple(Trim)
	case "reverse":
		return simple(Reverse)
	case "urlencode":
		return simple(URLEncode)
	case "urldecode":
		return simple(URLDecode)
	case "md5":
		return simple(MD5)
	case "sha1":
		return simple(SHA1)
	case "sha256":
		return simple(SHA256)
	case "sha512":
		return simple(SHA512)
	case "replace":
		if len(args)%2 == 0 {
			p.report(x, "Missing input for replace: every text to replace needs its replacement")
			return nil, true
		}
		e := texts[0]
		for i := 1; i < len(texts); i += 2 {
			e = call(Replace, String, e, texts[i], texts[i+1])
		}
		return e, true
	case "substr":
		out := []Expr{texts[0]}
		for i := 1; i < len(args); i++ {
			n := p.integer(x.Args[i], args[i])
			if n == nil {
				return nil, true
			}
			out = append(out, n)
		}
		return call(Substr, String, out...), true
	case "tostring":
		return texts[0], true
	case "tonumber":
		if k := single(args[0]).Type().Kind; k != String {
			return p.numeric(x.Args[0], args[0]), true
		}
		return call(ReadNumber, Float, texts[0]), true
	case "toduration":
		return call(ParseDuration, Int, texts[0]), true
	case "cidrmatch":
		return p.cidrMatch(x, texts), true
	}
	return nil, false
}

// numberCall plans the functions of numbers.
func (p *planner) numberCall(x *syntax.Call, args []Expr) (e Expr, ok bool) {
	switch x.Func {
	case "ifnull":
		return p.ifNull(args[0], args[1]), true
	case "abs", "ceil", "floor", "sqrt", "round", "power", "max", "min", "formatduration", "distance", "toradians":
	default:
		return nil, false
	}
	if (x.Func == "max" || x.Func == "min") && args[0].Type() == (Type{Kind: Time}) && args[1].Type() == (Type{Kind: Time}) {
		return call(extreme(x.Func), Time, args...), true
	}
	if x.Func == "distance" && len(args) == 2 {
		return p.distance(x, args), true
	}
	nums := make([]Expr, len(args))
	kind := Int
	for i, a := range args {
		if nums[i] = p.numeric(x.Args[i], a); nums[i] == nil {
			return nil, true
		}
		if nums[i].Type().Kind == Float {
			kind = Float
		}
	}
	switch x.Func {
	case "abs":
		return call(Abs, kind, nums...), true
	case "ceil", "floor":
		if kind == Int {
			return nums[0], true
		}
		op := Ceil
		if x.Func == "floor" {
			op = Floor
		}
		return call(op, Float, nums...), true
	case "sqrt":
		return call(Sqrt, Float, nums...), true
	case "power":
		return call(Power, Float, nums...), true
	case "toradians":
		return call(Radians, Float, nums...), true
	case "formatduration":
		return call(PrintDuration, String, nums...), true
	case "distance":
		if len(nums) != 4 {
			p.report(x, "distance takes two points or four numbers")
			return nil, true
		}
		return call(Distance, Float, nums...), true
	case "round":
		if len(nums) == 1 {
			nums = append(nums, whole(0))
		}
		return call(Round, nums[0].Type().Kind, nums[0], call(ToInt, Int, nums[1])), true
	}
	return call(extreme(x.Func), kind, nums...), true
}

func extreme(name string) Op {
	if name == "max" {
		return Greatest
	}
	return Least
}

// distance of two texts "latitude,longitude".
func (p *planner) distance(x *syntax.Call, args []Expr) Expr {
	var nums []Expr
	for _, a := range args {
		for _, group := range []int64{1, 2} {
			part := call(Extract, String, asText(a), text(`^\s*([-+0-9.]+)\s*,\s*([-+0-9.]+)\s*$`), whole(group))
			nums = append(nums, call(ToFloat, Float, part))
		}
	}
	return call(Distance, Float, nums...)
}

// integer is a whole number for a position or count.
func (p *planner) integer(at syntax.Node, e Expr) Expr {
	if e = p.numeric(at, e); e == nil || e.Type().Kind == Int {
		return e
	}
	return call(ToInt, Int, e)
}

// ifNull gives a value where there is none, in the type the two have in common.
func (p *planner) ifNull(e, value Expr) Expr {
	values := commonType([]Expr{e, value})
	return &Call{Coalesce, values, values[0].Type()}
}

// ifCall plans if(condition, value, …, else). Without an else it is null.
func (p *planner) ifCall(f *frame, x *syntax.Call) Expr {
	var conds, values []Expr
	failed := false
	for i, a := range x.Args {
		var e Expr
		if i%2 == 0 && i+1 < len(x.Args) {
			e = p.condition(f, a)
			conds = append(conds, e)
		} else {
			e = p.expr(f, a)
			values = append(values, e)
		}
		failed = failed || e == nil
	}
	if failed {
		return nil
	}
	if len(values) == len(conds) {
		values = append(values, null())
	}
	values = commonType(values)
	var args []Expr
	for i, c := range conds {
		args = append(args, c, values[i])
	}
	return &Call{If, append(args, values[len(conds)]), values[0].Type()}
}

// commonType converts values to the type they have in common: a number when all
// are, else text. Nulls fit any type.
func commonType(values []Expr) []Expr {
	var all Type
	for _, v := range values {
		t := v.Type()
		switch {
		case t.Kind == Null:
		case all.Kind == Null, all == t:
			all = t
		case !all.List && !t.List && all.Kind.Numeric() && t.Kind.Numeric():
			if all.Kind == Float || t.Kind == Float {
				all = Type{Kind: Float}
			} else {
				all = Type{Kind: Int}
			}
		default:
			all = Type{Kind: String}
		}
	}
	out := make([]Expr, len(values))
	for i, v := range values {
		t := v.Type()
		switch {
		case t == all:
			out[i] = v
		case t.Kind == Null:
			out[i] = &Const{nil, all}
		case all.Kind == String:
			out[i] = asText(v)
		case t.Kind == Bool:
			out[i] = call(ToBit, all.Kind, v)
		default:
			out[i] = call(ToFloat, all.Kind, v)
		}
	}
	return out
}

// literalCall is the word itself, even where it is the name of a field.
func (p *planner) literalCall(x *syntax.Call) Expr {
	switch a := x.Args[0].(type) {
	case *syntax.Ref:
		return text(a.Text)
	case *syntax.Number:
		return text(a.Text)
	case *syntax.Null:
		return text("null")
	case *syntax.Bool:
		if a.Value {
			return text("true")
		}
		return text("false")
	}
	p.report(x.Args[0], "literal takes one word or quoted string")
	return nil
}

var currency = regexp.MustCompile(`^currency_[a-z]{3}(_[kmb])?$`)

// knownUnit reports whether the name is one of section 9.5 of the reference.
func knownUnit(name string) bool {
	switch name = fold(name); name {
	case "byte", "kilobyte", "kb", "megabyte", "mb", "gigabyte", "gb", "terabyte", "tb", "petabyte", "pb",
		"exabyte", "eb", "percent", "pct":
		return true
	}
	return isDuration(name) || currency.MatchString(name)
}
