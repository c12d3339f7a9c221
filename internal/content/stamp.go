package content

// stampPattern is what {TIMEDATE} stands for: the time stamps that timeParser
// reads, the more specific ones first.
const stampPattern = `(?:` +
	`\d{4}[-/]\d{2}[-/]\d{2}(?:T|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:[.,:]\d{1,9})?(?:[ \t]?(?:Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}\b)|[+-]\d{2}\b)?` +
	`|` + weekdays + `,?[ \t]+` + months + `[ \t]+\d{1,2}[ \t]+\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?[ \t]+(?:(?:[A-Z]{3,4}|[+-]\d{4})[ \t]+)?\d{4}` +
	`|(?:` + weekdays + `,?[ \t]+)?\d{1,2}[-/ ]` + months + `[-/ ]\d{4}[: T]\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:[ \t]?(?:[+-]\d{4}\b|UTC\b|GMT\b))?` +
	`|\d{1,2}-` + months + `-\d{2}[ \t]+\d{1,2}[.:]\d{2}[.:]\d{2}(?:[.,]\d{1,9})?(?:[ \t]?[AP]M\b)?` +
	`|` + months + `[ \t]+\d{1,2},?[ \t]+\d{4},?[ \t]+\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:[ \t]?[AP]M\b)?(?:[ \t](?:UTC|GMT)\b)?` +
	`|` + months + `[ \t]+\d{1,2}[ \t]+\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?` +
	`|\d{1,2}/\d{1,2}/\d{2,4}[ \t]+\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:[ \t]?[AP]M\b)?` +
	`|\d{8}[-T ]\d{2}:?\d{2}:?\d{2}(?:[.,]\d{1,9})?(?:Z\b|[+-]\d{2}:?\d{2}\b)?` +
	`|\b(?:19|20)\d{12}\b` +
	`|\b\d{13}\b|\b\d{10}\b` +
	`)`

const (
	weekdays = `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*`
	months   = `(?i:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*`
)
