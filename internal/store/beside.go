package store

import (
	"encoding/binary"
	"io"
	"os"
)

// besideHead is the beginning of the file beside a segment: see tokens.go.
type besideHead struct {
	old             bool  // of version 2, which has no such head
	profile, blocks int64 // bytes
}

// fileHead is the size of the head.
const fileHead = len(tokenMagic) + 8

func parseHead(data []byte) (h besideHead, err error) {
	if len(data) < fileHead {
		return h, errTokens
	}
	switch string(data[:len(tokenMagic)]) {
	case oldTokenMagic:
		h.old = true
	case tokenMagic:
		h.profile = int64(binary.LittleEndian.Uint32(data[len(tokenMagic):]))
		h.blocks = int64(binary.LittleEndian.Uint32(data[len(tokenMagic)+4:]))
	default:
		return h, errTokens
	}
	return h, nil
}

// readBeside reads the head of a file and as much after it as is asked for; all of
// a file of version 2.
func readBeside(path string, after func(besideHead) int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	data := make([]byte, fileHead)
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, errTokens
	}
	head, err := parseHead(data)
	if err != nil {
		return nil, err
	}
	size := info.Size()
	if !head.old {
		size = min(size, int64(fileHead)+after(head))
	}
	data = append(data, make([]byte, size-int64(fileHead))...)
	_, err = io.ReadFull(f, data[fileHead:])
	return data, err
}
