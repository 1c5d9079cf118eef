package probeverify

import (
	"os"
	"strings"
	"testing"
)

// Every row is in the page about it.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/probe-verify.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range Rows() {
		if !strings.Contains(string(page), "`"+row.ID+"`") {
			t.Errorf("docs/probe-verify.md does not tell of %s", row.ID)
		}
	}
}
