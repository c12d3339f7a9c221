package api

// items is the body of a list.
type items[T any] struct {
	Items []T `json:"items"`
}

// collection never encodes as null.
func collection[T any](list []T) items[T] {
	if list == nil {
		list = []T{}
	}
	return items[T]{list}
}

func mapped[A, B any](list []A, f func(A) B) []B {
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}
