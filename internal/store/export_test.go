package store

// WithStep returns the options with a function that is asked before every
// change on disk and whose error stops the change.
func (o Options) WithStep(step func(op, path string) error) Options {
	o.step = step
	return o
}

// WithSpliceRows returns the options with another least size of segments that are
// merged without reading their rows.
func (o Options) WithSpliceRows(n int64) Options {
	o.spliceRows = n
	return o
}
