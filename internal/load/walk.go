package load

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/spell"
)

// entry is a file to be read.
type entry struct {
	real     string // absolute, without symbolic links; "" for standard input
	name     string // how messages call it
	root     string // the path that led to it, as messages call it
	explicit bool   // the user named it
}

// folder is a folder that holds a kustomization or a chart.
type folder struct {
	real, name string
	files      int // for a chart: files that are templates
}

// typedPath is a path that the user named: where it is, links on the way included, how messages call it, and whether it is a folder.
type typedPath struct {
	at, name string
	folder   bool
}

// link is a symbolic link that was met in a folder.
type link struct {
	at, name, root string
	parent         string // the folder it is in, without symbolic links
	fence          fence
}

// walker finds files. Links are followed after everything else, so that a file that can be reached both ways has its real name.
type walker struct {
	l              *loader
	files          []entry
	kustomizations []folder
	beside         []folder // of files that were named
	charts         []folder
	skipped        []finding.Skipped
	failures       []finding.Failure
	ignored        tally

	seen  map[string]string // real path of a file or folder -> its name
	links []link
	typed []typedPath
	root  string
	fence fence // of the path that is being walked
}

func newWalker(l *loader) *walker { return &walker{l: l, seen: map[string]string{}} }

// path takes in one path that the user named.
func (w *walker) path(typed string) error {
	if typed == "-" {
		if _, twice := w.seen[StdinName]; !twice {
			w.seen[StdinName] = StdinName
			w.files = append(w.files, entry{name: StdinName, root: StdinName, explicit: true})
		}
		return nil
	}
	at := typed
	if !filepath.IsAbs(at) {
		at = filepath.Join(w.l.Dir, typed)
	}
	name := filepath.ToSlash(filepath.Clean(typed))
	if rel, err := filepath.Rel(w.l.Dir, at); err == nil && filepath.IsLocal(rel) {
		name = filepath.ToSlash(rel)
	}
	w.root = name
	info, err := w.l.disk.Stat(at)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		if _, lerr := w.l.disk.Lstat(at); lerr == nil {
			w.fail(name, "the link leads to a file that is not there", "mend or remove the link")
			return nil
		}
		return &problem.Problem{What: "there is no such file or folder", Where: typed, Next: w.suggest(at), Err: err}
	}
	if err != nil {
		w.failRead(name, err)
		return nil
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		if !isDescriptor(at) {
			w.failures = append(w.failures, irregular(name, info.Mode()))
			return nil
		}
		w.file(entry{real: at, name: name, root: name, explicit: true})
		return nil
	}
	real, err := w.l.disk.EvalSymlinks(at)
	if err != nil {
		w.failRead(name, err)
		return nil
	}
	w.typed = append(w.typed, typedPath{at, name, info.IsDir()})
	if info.IsDir() {
		w.l.named = append(w.l.named, real)
		w.fence = w.l.fenceOf(real)
		w.folder(real, name)
		return nil
	}
	in, err := w.l.disk.EvalSymlinks(filepath.Dir(at)) // the file itself may be a link
	if err != nil {
		w.failRead(name, err)
		return nil
	}
	w.l.named = append(w.l.named, in)
	switch dir := (folder{real: in, name: path.Dir(name)}); {
	case isKustomization(filepath.Base(at)):
		if !slices.Contains(w.kustomizations, dir) {
			w.kustomizations = append(w.kustomizations, dir)
		}
	default:
		w.file(entry{real: real, name: name, root: name, explicit: true})
		if !slices.Contains(w.beside, dir) {
			w.beside = append(w.beside, dir)
		}
	}
	return nil
}

// isDescriptor knows the names of a process's own open files: what a shell puts in the place of <(command).
func isDescriptor(at string) bool {
	at = filepath.Clean(at)
	return at == "/dev/stdin" || strings.HasPrefix(at, "/dev/fd/") || strings.HasPrefix(at, "/proc/self/fd/")
}

// suggest says what to do about a path that does not exist, with the neighbour whose name is nearest.
func (w *walker) suggest(at string) string {
	want := filepath.Base(at)
	entries, _ := w.l.disk.ReadDir(filepath.Dir(at))
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	best := spell.Nearest(want, names, max(2, len(want)/3))
	if best != "" {
		return fmt.Sprintf("did you mean %s?", w.l.show(filepath.Join(filepath.Dir(at), best)))
	}
	return "name a file, a folder, or - for standard input"
}

func (w *walker) fail(name, message, hint string) {
	w.failures = append(w.failures, finding.Failure{Place: finding.Place{File: name}, Message: message, Hint: hint})
}

func (w *walker) failRead(name string, err error) {
	f := readFailure(name, err)
	w.failures = append(w.failures, f)
}

// readFailure puts an error of the file system into words.
func readFailure(name string, err error) finding.Failure {
	f := finding.Failure{Place: finding.Place{File: name}, Message: "cannot be read: " + problem.Plain(err)}
	switch {
	case errors.Is(err, fs.ErrPermission):
		f.Hint = "give yourself the permission to read it, or leave it out"
	case errors.Is(err, syscall.ELOOP):
		f.Message, f.Hint = "symbolic links lead round in a circle", "mend or remove the links"
	case errors.Is(err, fs.ErrNotExist):
		f.Message, f.Hint = "vanished while it was being read", "run again"
	}
	return f
}

// irregular is the failure of something that is no file to read: nobody may ever write to a pipe, and a device may never end.
func irregular(name string, mode fs.FileMode) finding.Failure {
	f := finding.Failure{Place: finding.Place{File: name}, Message: "is " + what(mode) + ", no file", Hint: "name a file, a folder, or - for standard input"}
	if mode&fs.ModeNamedPipe != 0 {
		f.Hint = "read it as standard input: fairway lint - < " + name
	}
	return f
}

// what names what is no regular file.
func what(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

func (w *walker) skip(name, reason, detail string) {
	w.skipped = append(w.skipped, finding.Skipped{Place: finding.Place{File: name}, Reason: reason, Detail: detail})
}

// file takes in a file, once.
func (w *walker) file(e entry) {
	if first, ok := w.seen[e.real]; ok {
		if first != e.name {
			w.skip(e.name, Duplicate, "it is "+first)
		}
		return
	}
	w.seen[e.real] = e.name
	w.files = append(w.files, e)
}

// folder takes in everything in a folder, once.
func (w *walker) folder(real, name string) {
	if first, ok := w.seen[real]; ok {
		if first != name {
			w.skip(name, Duplicate, "it is "+first)
		}
		return
	}
	w.seen[real] = name
	entries, err := w.l.disk.ReadDir(real) // sorted; what could be read before an error is returned with it
	if err != nil {
		w.failRead(name, err)
	}
	has := func(want func(string) bool) bool {
		return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
			return (e.Type().IsRegular() || e.Type()&fs.ModeSymlink != 0) && want(e.Name())
		})
	}
	chart := has(func(s string) bool { return s == "Chart.yaml" })
	if chart {
		w.charts = append(w.charts, folder{real: real, name: name})
	}
	if dir := (folder{real: real, name: name}); has(isKustomization) && !slices.Contains(w.kustomizations, dir) {
		w.kustomizations = append(w.kustomizations, dir)
	}
	for _, e := range entries {
		at, child := filepath.Join(real, e.Name()), path.Join(name, e.Name())
		switch {
		case e.IsDir() && e.Name() == ".fairway": // the manifests beside it, as they were written
		case e.IsDir() && isIgnored(e.Name()):
			w.ignored.add(w.root, 1, child)
		case e.IsDir() && chart && (e.Name() == "templates" || e.Name() == "charts"):
			w.charts[w.chartAt(real)].files += w.countTemplates(at, e.Name() == "templates")
		case chart && isChartFile(e.Name()): // rendered with the chart, or skipped with it
		case e.IsDir():
			w.folder(at, child)
		case isKustomization(e.Name()) && (e.Type().IsRegular() || e.Type()&fs.ModeSymlink != 0):
		case e.Type()&fs.ModeSymlink != 0:
			w.links = append(w.links, link{at: at, name: child, root: w.root, parent: real, fence: w.fence})
		case !isManifest(e.Name()):
		case e.Type().IsRegular():
			w.file(entry{real: at, name: child, root: w.root})
		default:
			w.skip(child, NotAFile, what(e.Type()))
		}
	}
}

func (w *walker) chartAt(real string) int {
	return slices.IndexFunc(w.charts, func(c folder) bool { return c.real == real })
}

// countTemplates counts the files in folders called templates, from a folder on.
func (w *walker) countTemplates(at string, inside bool) (n int) {
	entries, err := w.l.disk.ReadDir(at)
	if err != nil {
		w.failRead(w.l.show(at), err)
	}
	for _, e := range entries {
		switch {
		case e.IsDir():
			n += w.countTemplates(filepath.Join(at, e.Name()), inside || e.Name() == "templates")
		case inside:
			n++
		}
	}
	return n
}

// isChartFile knows the files of a chart that are not templates: its description and its values.
func isChartFile(name string) bool {
	return name == "Chart.yaml" || strings.HasPrefix(name, "values") && isManifest(name)
}

// followLinks takes in what symbolic links lead to, links found on the way among it.
func (w *walker) followLinks() {
	for len(w.links) > 0 {
		k := w.links[0]
		w.links = w.links[1:]
		w.root, w.fence = k.root, k.fence
		info, err := w.l.disk.Stat(k.at)
		var real string
		if err == nil {
			real, err = w.l.disk.EvalSymlinks(k.at)
		}
		manifest := isManifest(k.name)
		switch {
		case errors.Is(err, fs.ErrNotExist) && manifest:
			w.fail(k.name, "the link leads to a file that is not there", "mend or remove the link")
		case errors.Is(err, fs.ErrNotExist):
			w.skip(k.name, NotAFile, "a link to nothing")
		case err != nil:
			w.failRead(k.name, err)
		case (info.IsDir() || manifest) && !k.fence.holds(real):
			w.skip(k.name, Outside, "it leads to "+filepath.ToSlash(real))
		case info.IsDir() && isIgnored(path.Base(k.name)):
			w.ignored.add(w.root, 1, k.name)
		case info.IsDir() && within(k.parent, real):
			w.fail(k.name, "the link leads back to a folder that it is in, round in a circle", "remove the link")
		case info.IsDir():
			w.folder(real, k.name)
		case !manifest:
		case info.Mode().IsRegular():
			w.file(entry{real: real, name: k.name, root: k.root})
		default:
			w.skip(k.name, NotAFile, "a link to "+what(info.Mode()))
		}
	}
}

// within reports whether path is folder or lies under it.
func within(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

func isIgnored(folder string) bool {
	return strings.HasPrefix(folder, ".") || folder == "node_modules" || folder == "vendor"
}

func isManifest(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// isKustomization knows the names that kustomize does (api/konfig/general.go, RecognizedKustomizationFileNames).
func isKustomization(name string) bool {
	return name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization"
}
