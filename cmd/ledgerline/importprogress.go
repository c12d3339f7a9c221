package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// importProgress shows how far an import has come, by bytes: a bar on a
// terminal, now and then a plain line elsewhere.
type importProgress struct {
	terminal terminal
	files    int
	total    int64 // bytes of all files; -1 when standard input is among them
	file     int   // number of the file at hand
	before   int64 // bytes of the files before it
	size     int64
	read     int64 // bytes of it
	rows     int
	last     time.Time
	drawn    bool
}

func newImportProgress(t terminal, files []importFile) *importProgress {
	p := &importProgress{terminal: t, files: len(files), last: time.Now()}
	for _, f := range files {
		if f.path == "" {
			p.total = -1
			break
		}
		p.total += f.size
	}
	return p
}

func (p *importProgress) begin(f importFile) {
	p.before += p.size
	p.file, p.size, p.read = p.file+1, f.size, 0
}

// watch counts the bytes that are read of the file at hand.
func (p *importProgress) watch(r io.ReaderAt) io.ReaderAt { return &watched{r, p} }

type watched struct {
	io.ReaderAt
	progress *importProgress
}

func (w *watched) ReadAt(b []byte, off int64) (int, error) {
	n, err := w.ReaderAt.ReadAt(b, off)
	w.progress.read = max(w.progress.read, off+int64(n))
	w.progress.show()
	return n, err
}

func (p *importProgress) records(n int) {
	p.rows = n
	p.show()
}

func (p *importProgress) show() {
	const width = 30
	now, interactive := time.Now(), p.terminal.interactive()
	every := lineEvery
	if interactive {
		every = barEvery
	}
	if now.Sub(p.last) < every {
		return
	}
	p.last, p.drawn = now, interactive
	text := fmt.Sprintf("%s records", count(p.rows))
	bar := ""
	if done := p.before + min(p.read, p.size); p.total > 0 {
		text = fmt.Sprintf("%d %%, file %d of %d, %s", done*100/p.total, p.file, p.files, text)
		filled := int(done * width / p.total)
		bar = "[" + strings.Repeat("=", filled) + strings.Repeat(" ", width-filled) + "] "
	}
	if !interactive {
		fmt.Fprintf(p.terminal.err, "importing: %s\n", text)
		return
	}
	fmt.Fprintf(p.terminal.err, "\rimporting %s%s\x1b[K", bar, text)
}

// end takes the bar away.
func (p *importProgress) end() {
	if p.drawn {
		fmt.Fprint(p.terminal.err, "\r\x1b[K")
	}
}
