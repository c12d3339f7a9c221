// Package content holds log sources, parsers, fields and labels. It imports and
// exports them as Oracle's content ZIP, and turns the bytes of an upload into
// typed entries with the help of a source's parsers.
//
// A [Library] is a sequence of immutable snapshots: readers take the current
// one without a lock, an import builds the next one, stores it and then
// publishes it, so that a query or an upload never sees half an import.
//
// Where to look: xmltree.go, decode.go and encode.go know Oracle's XML;
// importer.go and exporter.go the ZIP; parse.go drives the reading of an
// upload, with one file per kind of parser (json*.go, regex*.go,
// xmlread.go, delimited.go);
// datafilter.go hides texts before that; alternatives.go is about fields that have
// several paths; enrich.go adds extended fields and labels under the conditions of
// condition.go, whose text conditiontext.go reads and writes; examplepaths.go, examplexml.go and origins.go help those
// who write a parser for an example; builtin/ is what every installation starts with,
// named in names.go and described in docs/sources.md.
package content
