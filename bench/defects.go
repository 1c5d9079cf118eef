package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// defect is a row of the index that the seeded bundle is exported with. One without rules is no defect and must stay silent.
type defect struct {
	ID, Defect string
	Rules      []string
}

// defects writes ../docs/defects.md: which tool finds which seeded defect. A tool finds one when it says something that it does
// not say of the clean bundle, by a check that is about the defect.
func defects(args []string) error {
	flags := flag.NewFlagSet("defects", flag.ExitOnError)
	verbose := flags.Bool("v", false, "print every new finding of the other tools, for judging accepted.go")
	_ = flags.Parse(args) // ends the program on a wrong flag
	dir, err := os.MkdirTemp("", "fairway-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := build("", "..", "test", "./internal/testkit/seeded", "-count=1", "-run=TestExport", "-args", "-export", dir); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		return err
	}
	var rows []defect
	if err := json.Unmarshal(data, &rows); err != nil {
		return err
	}
	list, err := tools()
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(t tool) bool { return t.found == nil })

	cells := make([][]string, len(rows))
	clean := make([]int, len(list))
	for i, t := range list {
		known, err := hits(t, filepath.Join(dir, "clean"))
		if err != nil {
			return err
		}
		clean[i] = len(known)
		for r, d := range rows {
			got, err := hits(t, filepath.Join(dir, d.ID))
			if err != nil {
				return err
			}
			fresh := slices.DeleteFunc(got, func(h hit) bool { return slices.Contains(known, h) })
			if *verbose && i > 0 {
				for _, h := range fresh {
					fmt.Printf("%s %-55s %s: %s: %s\n", d.ID, d.Defect, t.name, h.check, h.about)
				}
			}
			cells[r] = append(cells[r], judge(d, t, fresh))
		}
	}
	return os.WriteFile("../docs/defects.md", page(list, rows, cells, clean), 0o644)
}

// judge returns the checks that found a defect, "" for none. For what is no defect, every new finding counts.
func judge(d defect, t tool, fresh []hit) string {
	about := strings.Fields(accepted[d.ID])
	if t.name == "fairway" {
		about = d.Rules
	}
	var found []string
	for _, h := range fresh {
		if slices.Contains(about, h.check) || len(d.Rules) == 0 {
			found = append(found, h.check)
		}
	}
	slices.Sort(found)
	return strings.Join(slices.Compact(found), ", ")
}

// hits runs a tool with every check on. Tools give findings by exit codes as well, which are no errors.
func hits(t tool, dir string) ([]hit, error) {
	command := t.all(dir)
	cmd := exec.Command(command[0], command[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return nil, err
	}
	found, err := t.found(stdout.Bytes(), stderr.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", t.name, filepath.Base(dir), err)
	}
	return found, nil
}

// page writes the table with its totals.
func page(list []tool, rows []defect, cells [][]string, clean []int) []byte {
	var b bytes.Buffer
	b.WriteString("# Seeded defects: who finds what\n\n")
	b.WriteString("Made by `cd bench && go run . defects`; do not edit. One good application of 15 objects (internal/testkit/seeded) is changed in\n" +
		"one way a row. A tool finds the defect when it says something that it does not say of the good application, by a check that is\n" +
		"about the defect: the rules that stand with each variant for fairway, the table of bench/accepted.go for the others. The other\n" +
		"tools ran with every check that needs no network, kubeconform with `-strict`; fairway ran with its default profile, as a user runs it.\n" +
		"We chose the defects and the rules were written for them, so the totals say what each tool covers of this list, not how good it is.\n\n")
	b.WriteString("| | |")
	for _, t := range list {
		fmt.Fprintf(&b, " %s |", t.name)
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(list)) + "\n")
	line := func(title string, of func(i int) string) {
		fmt.Fprintf(&b, "| | %s |", title)
		for i := range list {
			fmt.Fprintf(&b, " %s |", of(i))
		}
		b.WriteByte('\n')
	}
	count := func(i int, isDefect bool) (n, all int) {
		for r, d := range rows {
			if (len(d.Rules) > 0) == isDefect {
				all++
				if cells[r][i] != "" {
					n++
				}
			}
		}
		return n, all
	}
	line("version", func(i int) string { return list[i].version })
	line("**defects found**", func(i int) string { n, all := count(i, true); return fmt.Sprintf("**%d of %d**", n, all) })
	line("wrong on what is no defect", func(i int) string { n, all := count(i, false); return fmt.Sprintf("%d of %d", n, all) })
	line("findings on the good application", func(i int) string { return fmt.Sprint(clean[i]) })
	for r, d := range rows {
		fmt.Fprintf(&b, "| %s | %s |", d.ID, d.Defect)
		for _, c := range cells[r] {
			fmt.Fprintf(&b, " %s |", c)
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}
