package syntax

import (
	"fmt"
	"reflect"
	"testing"
)

// difference names the first place where two trees differ, but for spans, the
// source, quotes, and how a duration was spelt.
func difference(a, b any) string {
	return walkDifference(reflect.ValueOf(a), reflect.ValueOf(b))
}

func walkDifference(a, b reflect.Value) string {
	if a.IsValid() != b.IsValid() || a.IsValid() && a.Type() != b.Type() {
		return fmt.Sprintf(": %v and %v", a, b)
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			if a.IsNil() != b.IsNil() {
				return ": nil on one side"
			}
			return ""
		}
		return walkDifference(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return fmt.Sprintf(": %d and %d items", a.Len(), b.Len())
		}
		for i := range a.Len() {
			if d := walkDifference(a.Index(i), b.Index(i)); d != "" {
				return fmt.Sprintf("[%d]%s", i, d)
			}
		}
	case reflect.Struct:
		for i := range a.NumField() {
			f := a.Type().Field(i)
			switch {
			case f.Type == reflect.TypeFor[Span](), f.Name == "Quoted", f.Name == "Source":
				continue
			case a.Type() == reflect.TypeFor[Duration]() && f.Name == "Text":
				continue
			}
			if d := walkDifference(a.Field(i), b.Field(i)); d != "" {
				return "." + f.Name + d
			}
		}
	default:
		if !a.Equal(b) {
			return fmt.Sprintf(": %v and %v", a, b)
		}
	}
	return ""
}

// checkSpans checks that every node lies within the text and its parent. Init
// values may come from elsewhere.
func checkSpans(t *testing.T, text string, q *Query) {
	t.Helper()
	var walk func(v reflect.Value, outer Span)
	walk = func(v reflect.Value, outer Span) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				walk(v.Elem(), outer)
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i), outer)
			}
		case reflect.Struct:
			if n, ok := v.Addr().Interface().(Node); ok {
				s := n.Pos()
				if s == (Span{}) && v.IsZero() {
					return // an absent part of a struct
				}
				if s.Start < outer.Start || s.End > outer.End || s.Start > s.End {
					t.Errorf("%s: a %s has span %v, outside of %v", text, v.Type(), s, outer)
				}
				outer = s
			}
			for i := range v.NumField() {
				f := v.Type().Field(i)
				if f.Name != "Value" || v.Type() != reflect.TypeFor[Init]() && v.Type() != reflect.TypeFor[Variable]() {
					walk(v.Field(i), outer)
				}
			}
		}
	}
	walk(reflect.ValueOf(q), Span{0, len(text)})
}
