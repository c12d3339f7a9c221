package store

import "context"

type askerKey struct{}

// Asking marks a context with who asks, so that engines can be fair to all who do.
func Asking(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, askerKey{}, who)
}

// Asker returns who asks; the program itself is "".
func Asker(ctx context.Context) string {
	who, _ := ctx.Value(askerKey{}).(string)
	return who
}
