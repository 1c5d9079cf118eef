package report_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/report"
)

// A title is the name of a file, which can hold anything; the picture is XML all the same, and holds no element of it.
func TestSimulationSVGIsXML(t *testing.T) {
	picture := report.SimulationSVG([]*report.Simulation{{Title: "a\x1b[31m\x00<script>\"&\u202e.yaml", Given: "\x07"}})
	d := xml.NewDecoder(strings.NewReader(string(picture)))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, picture)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "script" {
			t.Fatalf("a script is in\n%s", picture)
		}
	}
}
