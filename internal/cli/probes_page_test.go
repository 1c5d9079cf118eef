package cli

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"
)

// TestProbesPage runs the commands of docs/probes.md that need nothing but this repository, and holds what they print against the page. A line of "..." stands for
// lines that the page leaves out.
func TestProbesPage(t *testing.T) {
	t.Chdir("../..")
	page, err := os.ReadFile("docs/probes.md")
	if err != nil {
		t.Fatal(err)
	}
	lines, ran := strings.Split(string(page), "\n"), 0
	for i := 0; i < len(lines); i++ {
		command, ok := strings.CutPrefix(lines[i], "    $ fairway ")
		if !ok || strings.HasPrefix(command, "probe verify") { // which starts programs, and takes a minute
			continue
		}
		var want []string
		for i++; i < len(lines) && (lines[i] == "" || strings.HasPrefix(lines[i], "    ")) && !strings.HasPrefix(lines[i], "    $ "); i++ {
			want = append(want, strings.TrimPrefix(lines[i], "    "))
		}
		i--
		ran++
		t.Run(command, func(t *testing.T) {
			var out, problems bytes.Buffer
			e := Env{Stdout: &out, Stderr: &problems, Stdin: strings.NewReader(""), Now: func() time.Time { return now },
				Getenv: func(string) string { return "" }}
			Run(t.Context(), append([]string{"fairway"}, strings.Fields(command)...), e)
			got := strings.Split(out.String(), "\n")
			for n := range got {
				got[n] = strings.TrimRight(got[n], " ")
			}
			at, skip := 0, false
			for _, line := range want {
				if line == "..." {
					skip = true
					continue
				}
				for skip && at < len(got) && got[at] != line {
					at++
				}
				skip = false
				switch {
				case at < len(got) && got[at] == line:
					at++
				case line != "": // between blocks
					t.Fatalf("docs/probes.md has\n\t%s\nand the command prints, from there on,\n%s%s", line, strings.Join(got[min(at, len(got)):], "\n"), &problems)
				}
			}
		})
	}
	if ran < 5 {
		t.Errorf("%d commands of docs/probes.md were run, want 5 or more", ran)
	}
}
