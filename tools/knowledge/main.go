package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	out := flag.String("out", "../../content/knowledge", "folder to write")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "knowledge:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	if err := writeCRDs(filepath.Join(out, "crds")); err != nil {
		return err
	}
	return writeFields(filepath.Join(out, "openapi"))
}

// fetch returns the folder of a module's files, after checking its sum.
func fetch(module, version, sum string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module+"@"+version)
	cmd.Dir = os.TempDir() // outside of any module, so that no go.mod changes
	text, err := cmd.Output()
	var m struct{ Dir, Sum, Error string }
	if jsonErr := json.Unmarshal(text, &m); jsonErr != nil {
		return "", fmt.Errorf("go mod download %s@%s: %v", module, version, err)
	}
	if m.Error != "" {
		return "", fmt.Errorf("go mod download %s@%s: %s", module, version, m.Error)
	}
	if m.Sum != sum {
		return "", fmt.Errorf("%s@%s has sum %s, sources.go wants %s", module, version, m.Sum, sum)
	}
	return m.Dir, nil
}

// compact encodes v as JSON without escaping <, > and &, which CEL rules are full of. Keys of maps are sorted.
func compact(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimRight(b.Bytes(), "\n"), err
}

// writeGzip writes data with a header that holds neither name nor time.
func writeGzip(path string, data []byte) (int, error) {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return 0, err
	}
	if _, err := w.Write(data); err != nil {
		return 0, err
	}
	if err := w.Close(); err != nil {
		return 0, err
	}
	return b.Len(), os.WriteFile(path, b.Bytes(), 0o644)
}
