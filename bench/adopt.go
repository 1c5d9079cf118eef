package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

var aWorkload = regexp.MustCompile(`(?m)^kind: (Deployment|StatefulSet|CronJob)\s*$`)

// adopt brings copies of real files onto a path, each by itself, and judges the result from outside: it must parse, be as valid for kubeconform as it
// was, keep every value, comment and selector, and have fewer findings. Files are drawn from the folders of DIR in turn, so that no repository counts
// for more than another.
func adopt(args []string) error {
	flags := flag.NewFlagSet("adopt", flag.ContinueOnError)
	most := flags.Int("files", 150, "files to adopt")
	seed := flags.Uint64("seed", 1, "of the draw")
	verbose := flags.Bool("v", false, "name the files that are refused, and why")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return errors.New("adopt needs one folder of repositories")
	}
	list, err := tools()
	if err != nil {
		return err
	}
	a := &adoption{fairway: list[0], conform: list[2], reasons: map[string]int{}}
	names, err := a.draw(flags.Arg(0), *seed)
	if err != nil {
		return err
	}
	for _, name := range names {
		if len(a.before) == *most {
			break
		}
		if err := a.file(filepath.Join(flags.Arg(0), name), name, *verbose); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	middle := func(list []int) int {
		list = slices.Sorted(slices.Values(list))
		return list[len(list)/2]
	}
	if len(a.before) == 0 {
		return errors.New("no file could be adopted")
	}
	fmt.Printf("| | |\n|---|---|\n| files, repositories, workloads adopted | %d, %d, %d |\n", len(a.before), len(a.repositories), a.workloads)
	fmt.Printf("| findings before, after (median; sum) | %d, %d; %d, %d |\n", middle(a.before), middle(a.after), sum(a.before), sum(a.after))
	fmt.Printf("| files with fewer, as many, more findings | %d, %d, %d |\n", a.fewer, len(a.before)-a.fewer-a.more, a.more)
	fmt.Printf("| lines added, removed (median; most) | %d, %d; %d, %d |\n", middle(a.added), middle(a.removed), slices.Max(a.added), slices.Max(a.removed))
	fmt.Printf("| values, comments, selectors lost | %d, %d, %d |\n| do not parse, newly invalid | %d, %d |\n", a.values, a.comments, a.selectors, a.unread, a.invalid)
	fmt.Printf("| refused, with the reason | %d |\n", a.refused)
	for _, reason := range slices.Sorted(maps.Keys(a.reasons)) {
		fmt.Printf("|   %s | %d |\n", reason, a.reasons[reason])
	}
	return nil
}

type adoption struct {
	fairway, conform                             tool
	repositories                                 []string
	before, after, added, removed                []int
	workloads, refused, fewer, more              int
	values, comments, selectors, unread, invalid int
	reasons                                      map[string]int
}

// draw returns the files with workloads below dir, in turn from its folders.
func (a *adoption) draw(dir string, seed uint64) ([]string, error) {
	names, err := plain(dir)
	if err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	of := map[string][]string{}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil && aWorkload.Match(data) && !bytes.Contains(data, []byte("{{")) {
			repository, _, _ := strings.Cut(filepath.ToSlash(name), "/")
			of[repository] = append(of[repository], name)
		}
	}
	var out []string
	for i := 0; ; i++ {
		n := len(out)
		for _, repository := range slices.Sorted(maps.Keys(of)) {
			if i < len(of[repository]) {
				out = append(out, of[repository][i])
			}
		}
		if len(out) == n {
			return out, nil
		}
	}
}

// file adopts a copy of a file.
func (a *adoption) file(file, name string, verbose bool) error {
	dir, err := os.MkdirTemp("", "adopt-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	before, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := exec.Command("git", "-C", dir, "init", "-q").Run(); err != nil { // as in a repository: the service file goes above the manifests
		return err
	}
	at := filepath.Join(dir, "deploy", filepath.Base(name))
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(at, before, 0o644); err != nil {
		return err
	}
	old, err := leavesOf(before)
	if err != nil {
		return nil // no YAML before: not a case
	}
	findings, err := a.findings(filepath.Dir(at))
	if err != nil {
		return err
	}
	faults, err := a.faults(filepath.Dir(at))
	if err != nil {
		return err
	}
	cmd := exec.Command(a.fairway.path, "adopt", at, "--owner", "team", "--write", "--output=json")
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		var r struct{ Workloads []struct{ Problem string } }
		if json.Unmarshal(out, &r) != nil || len(r.Workloads) == 0 {
			if !bytes.Contains(failed.Stderr, []byte("no workload was found")) { // a fragment, a patch: not a case
				return fmt.Errorf("%s", failed.Stderr)
			}
			return nil
		}
		a.refused++
		for _, w := range r.Workloads {
			if w.Problem != "" {
				reason := strings.Join(strings.Fields(w.Problem)[:min(3, len(strings.Fields(w.Problem)))], " ")
				a.reasons[reason]++
				if verbose {
					fmt.Println("refused:", name+":", w.Problem)
				}
				break
			}
		}
		return nil
	} else if err != nil {
		return err
	}
	var r struct{ Workloads []struct{ Name string } }
	if err := json.Unmarshal(out, &r); err != nil {
		return err
	}
	a.workloads += len(r.Workloads)
	after, err := os.ReadFile(at)
	if err != nil {
		return err
	}
	if repository, _, _ := strings.Cut(filepath.ToSlash(name), "/"); !slices.Contains(a.repositories, repository) {
		a.repositories = append(a.repositories, repository)
	}
	a.compare(name, old, before, after)
	left, err := a.findings(filepath.Dir(at))
	if err != nil {
		return err
	}
	still, err := a.faults(filepath.Dir(at))
	if err != nil {
		return err
	}
	if still > faults {
		a.invalid++
		fmt.Printf("newly invalid: %s\n", name)
	}
	a.before, a.after = append(a.before, findings), append(a.after, left)
	switch {
	case left < findings:
		a.fewer++
	case left > findings:
		a.more++
		fmt.Printf("more findings: %s: %d, %d\n", name, findings, left)
	default:
		fmt.Printf("as many findings: %s: %d\n", name, left)
	}
	return nil
}

// compare counts what was lost.
func (a *adoption) compare(name string, old map[string]string, before, after []byte) {
	now, err := leavesOf(after)
	if err != nil {
		a.unread++
		fmt.Printf("does not parse: %s: %v\n", name, err)
		return
	}
	for _, leaf := range slices.Sorted(maps.Keys(old)) {
		value := old[leaf]
		if value == "{}" || value == "[]" || value == "null" { // nothing, which may be filled
			continue
		}
		if have, ok := now[leaf]; !ok || have != value {
			a.values++
			fmt.Printf("lost: %s: %s: %s\n", name, leaf, value)
		}
	}
	for leaf, value := range now {
		if strings.Contains(leaf, "/spec/selector/") && old[leaf] != value && hasObject(old, leaf) {
			a.selectors++
			fmt.Printf("selector: %s: %s: %s\n", name, leaf, value)
		}
	}
	have := commentsOf(after)
	for text, n := range commentsOf(before) {
		if have[text] < n {
			a.comments += n - have[text]
			fmt.Printf("comment lost: %s: %s\n", name, text)
		}
	}
	added, removed := 0, 0
	lines := map[string]int{}
	for line := range bytes.Lines(before) {
		lines[string(line)]++
		removed++
	}
	for line := range bytes.Lines(after) {
		if lines[string(line)] > 0 {
			lines[string(line)]--
			removed--
		} else {
			added++
		}
	}
	a.added, a.removed = append(a.added, added), append(a.removed, removed)
}

// hasObject reports whether the object of a leaf was there before.
func hasObject(old map[string]string, leaf string) bool {
	object, _, _ := strings.Cut(leaf, "/")
	for k := range old {
		if strings.HasPrefix(k, object+"/") {
			return true
		}
	}
	return false
}

func (a *adoption) findings(dir string) (int, error) {
	cmd := exec.Command(a.fairway.path, "lint", "--fail-on=never", "--output=json", ".")
	cmd.Dir = dir
	out, err := cmd.Output()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return 0, err
	}
	var r lintReport
	err = json.Unmarshal(out, &r)
	return len(r.Findings), err
}

// faults counts what kubeconform says of a folder.
func (a *adoption) faults(dir string) (int, error) {
	found, err := hits(a.conform, dir)
	return len(found), err
}

// leavesOf is what a file says: each scalar by the object and the path to it, items of lists by their name where all have one.
func leavesOf(data []byte) (map[string]string, error) {
	out := map[string]string{}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for n := 0; ; n++ {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return out, nil
		} else if err != nil {
			return nil, err
		}
		root := resolved(&doc)
		if root == nil || root.Kind != yaml.MappingNode {
			continue
		}
		object := textOf(root, "kind") + " " + textOf(child(root, "metadata"), "namespace") + " " + textOf(child(root, "metadata"), "name")
		leaves(root, strings.ReplaceAll(object, "/", "_"), out)
	}
}

func resolved(n *yaml.Node) *yaml.Node {
	for n != nil && (n.Kind == yaml.AliasNode || n.Kind == yaml.DocumentNode) {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		} else if len(n.Content) == 0 {
			return nil
		} else {
			n = n.Content[0]
		}
	}
	return n
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n = resolved(n); n != nil && n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return resolved(n.Content[i+1])
			}
		}
	}
	return nil
}

func textOf(n *yaml.Node, key string) string {
	if c := child(n, key); c != nil {
		return c.Value
	}
	return ""
}

func leaves(n *yaml.Node, path string, out map[string]string) {
	switch n = resolved(n); n.Kind {
	case yaml.MappingNode:
		if len(n.Content) == 0 {
			out[path] = "{}"
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			leaves(n.Content[i+1], path+"/"+n.Content[i].Value, out)
		}
	case yaml.SequenceNode:
		if len(n.Content) == 0 {
			out[path] = "[]"
		}
		named := !slices.ContainsFunc(n.Content, func(x *yaml.Node) bool { return textOf(x, "name") == "" })
		for i, x := range n.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			if named {
				at = path + "[" + textOf(x, "name") + "]"
			}
			leaves(x, at, out)
		}
	default:
		out[path] = n.Value
		if n.Tag == "!!null" {
			out[path] = "null"
		}
	}
}

var aComment = regexp.MustCompile(`(?m)(?:^|\s)(#.*?)\s*$`)

// commentsOf counts what looks like comments. Some are none, and have to stay likewise.
func commentsOf(data []byte) map[string]int {
	out := map[string]int{}
	for _, m := range aComment.FindAllSubmatch(data, -1) {
		out[string(m[1])]++
	}
	return out
}

func sum(list []int) (n int) {
	for _, x := range list {
		n += x
	}
	return n
}
