package seeded

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var export = flag.String("export", "", "folder into which TestExport writes the bundle and all variants")

// TestExport writes what other tools are measured with: clean/ and a folder for every variant, and index.json about them.
//
//	go test ./internal/testkit/seeded -run TestExport -args -export DIR
func TestExport(t *testing.T) {
	if *export == "" {
		t.Skip("-export names no folder")
	}
	type row struct {
		ID     string   `json:"id"`
		Defect string   `json:"defect"`
		Rules  []string `json:"rules"`
	}
	var index []row
	write(t, "clean", Bundle())
	for _, v := range Variants {
		files, err := v.Files()
		if err != nil {
			t.Fatal(err)
		}
		write(t, v.ID, files)
		index = append(index, row{v.ID, v.Defect, v.Rules})
	}
	data, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*export, "index.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	dir := filepath.Join(*export, folder)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
