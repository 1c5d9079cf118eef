package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

const (
	peersPage = "../docs/golden-paths-peers.md"
	kore      = "../examples/catalogue-kore"
	wildWest  = "../examples/wild-west"
)

// peer is another linter, as its authors ship it and with every check that it has.
type peer struct {
	tool
	standard func(dir string) []string // as shipped, in JSON
}

// complaint is a check of a peer, and in how many manifests it finds something.
type complaint struct {
	peer, check   string
	standard      bool // on without being asked for
	own, kore     int
	about, answer string
}

// peers writes what other linters say of the manifests of golden paths, one page with an answer to each of their checks that finds
// something. A check without an answer is an error, and so is an answer that no check needs any more.
func peers([]string) error {
	bin, self, err := buildFairway()
	if err != nil {
		return err
	}
	for _, module := range []string{modules["kube-score"], kustomize} {
		if err := build(bin, "", "install", "-trimpath", "-ldflags=-s -w", module); err != nil {
			return err
		}
	}
	list, err := findPeers(filepath.Join(bin, "kube-score"))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fairway-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	w := writer{fairway: self, kustomize: filepath.Join(bin, "kustomize"), dir: dir}
	own, err := w.ownManifests()
	if err != nil {
		return err
	}
	others, err := w.koreManifests()
	if err != nil {
		return err
	}

	all := map[[2]string]*complaint{}
	wild := map[string]int{} // checks by peer
	for _, p := range list {
		if err := p.judge(all, own, func(c *complaint) *int { return &c.own }); err != nil {
			return err
		}
		if err := p.judge(all, others, func(c *complaint) *int { return &c.kore }); err != nil {
			return err
		}
		if wild[p.name], err = p.checksOf(wildWest); err != nil {
			return err
		}
	}
	var complaints []*complaint
	var faults []error
	for key, c := range all {
		c.answer = answers[key]
		if c.answer == "" {
			faults = append(faults, fmt.Errorf("%s %s, in %d manifests of ours and %d of kore, has no answer: %s", c.peer, c.check, c.own, c.kore, c.about))
		}
		complaints = append(complaints, c)
	}
	for key := range answers {
		if all[key] == nil {
			faults = append(faults, fmt.Errorf("%s finds nothing by %s any more: its answer can go", key[0], key[1]))
		}
	}
	slices.SortFunc(complaints, func(a, b *complaint) int {
		if n := strings.Compare(a.peer, b.peer); n != 0 {
			return n
		}
		if n := (b.own + b.kore) - (a.own + a.kore); n != 0 {
			return n
		}
		return strings.Compare(a.check, b.check)
	})
	if err := os.WriteFile(peersPage, peersText(list, complaints, wild, len(own), len(others)), 0o644); err != nil {
		return err
	}
	return errors.Join(faults...)
}

// findPeers returns the other linters; those that no module proxy has must be on PATH.
func findPeers(score string) ([]peer, error) {
	linter, err := exec.LookPath("kube-linter")
	if err != nil {
		return nil, err
	}
	audit, err := exec.LookPath("polaris")
	if err != nil {
		return nil, err
	}
	list := []peer{
		{kubeLinter(linter), func(d string) []string { return []string{linter, "lint", "--format=json", d} }},
		{kubeScore(score), func(d string) []string {
			return append([]string{score, "score", "-o=json", "--kubernetes-version=v1.36"}, yamlFiles(d)...)
		}},
		{tool: polaris(audit)},
	}
	list[2].standard = list[2].all // it has no others
	return list, nil
}

// ownManifests builds the base and the clouds of every service of the covering sets.
func (w writer) ownManifests() (dirs []string, err error) {
	sets, err := readSets()
	if err != nil {
		return nil, err
	}
	for _, set := range sets {
		for i, service := range set.services {
			_, built, err := w.write(fmt.Sprint(set.name, i), service)
			if err != nil {
				return nil, err
			}
			dirs = append(dirs, built...)
		}
	}
	return dirs, nil
}

// koreManifests builds every version of the example of an organisation's catalogue with the services of its tests.
func (w writer) koreManifests() (dirs []string, err error) {
	versions, err := filepath.Glob(kore + "/paths/*/*")
	if err != nil {
		return nil, err
	}
	for _, v := range versions {
		shape, version := filepath.Base(filepath.Dir(v)), filepath.Base(v)
		files, err := filepath.Glob(filepath.Join(kore, "tests", shape, "*.yaml"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			service := strings.Replace(string(text), "path: "+shape+"\n", "path: "+shape+"@"+version+"\n", 1)
			_, built, err := w.write(fmt.Sprint("kore-", shape, version, strings.TrimSuffix(filepath.Base(file), ".yaml")), service, "--catalogue", kore)
			if err != nil {
				return nil, err
			}
			dirs = append(dirs, built...)
		}
	}
	return dirs, nil
}

// judge counts in how many manifests each check of a peer finds something.
func (p peer) judge(all map[[2]string]*complaint, manifests []string, counter func(*complaint) *int) error {
	var mu sync.Mutex
	var wait sync.WaitGroup
	var faults []error
	queue := make(chan string)
	for range 2 {
		wait.Go(func() {
			for dir := range queue {
				every, err := hits(p.tool, dir)
				standard, serr := hits(tool{name: p.name, all: p.standard, found: p.found}, dir)
				mu.Lock()
				if err := errors.Join(err, serr); err != nil {
					faults = append(faults, err)
				}
				seen := map[string]bool{}
				for _, h := range every {
					key := [2]string{p.name, h.check}
					if all[key] == nil {
						all[key] = &complaint{peer: p.name, check: h.check, about: h.about}
					}
					if !seen[h.check] {
						seen[h.check] = true
						*counter(all[key])++
					}
				}
				for _, h := range standard {
					if c := all[[2]string{p.name, h.check}]; c != nil {
						c.standard = true
					}
				}
				mu.Unlock()
			}
		})
	}
	for _, dir := range manifests {
		queue <- dir
	}
	close(queue)
	wait.Wait()
	return errors.Join(faults...)
}

// checksOf counts the checks of a peer as shipped that find something below a folder. kube-score gives up on all files with the first that
// it cannot decode, so that it is given one after the other.
func (p peer) checksOf(dir string) (int, error) {
	inputs := []string{dir}
	if p.name == "kube-score" {
		inputs = yamlFiles(dir)
	}
	checks := map[string]bool{}
	for _, input := range inputs {
		found, err := hits(tool{name: p.name, all: p.standard, found: p.found}, input)
		if err != nil {
			return 0, err
		}
		for _, h := range found {
			if h.check != "cannot-decode" {
				checks[h.check] = true
			}
		}
	}
	return len(checks), nil
}

// peersText is the page.
func peersText(list []peer, complaints []*complaint, wild map[string]int, own, others int) []byte {
	var b bytes.Buffer
	b.WriteString("# Golden paths in the eyes of other linters\n\n" +
		"Made by `cd bench && go run . peers`; do not edit. Every service of the covering sets (bench/README.md, paths) is written by `fairway new`, and every\n" +
		"version of examples/catalogue-kore with the services of its tests; base and clouds are built by kustomize. Each peer reads each of them as it is\n" +
		"shipped, and with every check on that needs no network. The number is of manifests in which a check finds something. Every check that finds\n" +
		"something has an answer; the command fails where one is missing.\n\n" +
		"kube-score is built from its module. Of kube-linter and polaris no module could be had: they are built with `go build ./cmd/kube-linter` and `go build .`\n" +
		"from the commits that their versions name, kube-linter without loadObjectsFromKustomize: a module that it needs is on no proxy, and nothing here needs it.\n\n")
	fmt.Fprintf(&b, "| peer | version | checks on by default that find something | the same, every check on | for contrast: of those on by default, on examples/wild-west |\n|---|---|---|---|---|\n")
	for _, p := range list {
		standard, every := 0, 0
		for _, c := range complaints {
			if c.peer == p.name {
				every++
				if c.standard {
					standard++
				}
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %d |\n", p.name, p.version, standard, every, wild[p.name])
	}
	for _, p := range list {
		fmt.Fprintf(&b, "\n## %s\n\n| check | on by default | of %d manifests of the golden paths | of %d of kore | answer |\n|---|---|---|---|---|\n", p.name, own, others)
		for _, c := range complaints {
			if c.peer == p.name {
				fmt.Fprintf(&b, "| %s | %s | %d | %d | %s |\n", c.check, map[bool]string{true: "yes", false: ""}[c.standard], c.own, c.kore, c.answer)
			}
		}
	}
	return b.Bytes()
}
