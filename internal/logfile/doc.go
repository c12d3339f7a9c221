// Package logfile reads the records out of a file of logs, whatever shape the
// file has. It is told by its content, not by its name:
//
//   - JSON values after each other, one a line or spread over lines: CloudEvents
//     as Connector Hub writes them, or wrapped as {"datetime": …, "logContent": …};
//   - a JSON array of records;
//   - an answer that holds records in "items", or in the "data" of its "results";
//   - lines of the audit download of the Oracle Integration console;
//   - gzip of any of these.
//
// A file may hold several of them one after the other. Memory is bounded by the
// largest record that is allowed, not by the file. What cannot be read is
// reported with its lines, and reading goes on behind it.
package logfile
