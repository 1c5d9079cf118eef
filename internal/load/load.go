package load

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/source"
	"golang.org/x/sync/semaphore"
)

// Input is everything that was found under some paths. All lists are in the order of file names, then of places.
type Input struct {
	// Files are those that hold an object, an origin or a failure. Files that have none of these are not kept.
	Files    []*source.File
	Objects  []Tree
	Skipped  []finding.Skipped
	Failures []finding.Failure
	// Artifacts are the names of images that a build tool whose configuration is among the files (Skaffold) gives a tag or a digest.
	Artifacts []string
	// Generated are the ConfigMaps and Secrets, as ConfigMap/name, that kustomizations make which could not be built.
	Generated []string
	// Declared is what service files (fairway.yaml) say of workloads.
	Declared []cluster.Declared
	Stats    Stats
	// Coverage says what of a cluster was listed, and Records what controllers made there; both are nil for files.
	Coverage *cluster.Coverage
	Records  *cluster.Records
}

// Stats counts what was read. Documents = Loaded + SkippedDocuments + FailedDocuments; a file that was left aside without being
// parsed counts as one document, documents that hold nothing do not count in a file that holds others.
type Stats struct {
	Files            int   // files read
	Bytes            int64 // their size
	Documents        int   // documents in them
	Loaded           int   // documents that became trees, or that a build used
	SkippedDocuments int
	FailedDocuments  int
	Builds           int // kustomizations built and charts rendered
}

// Tree is one object.
type Tree struct {
	// APIVersion and Kind are as written, or "" when missing; for an item of a typed list (RoleList) that leaves them out, what
	// the list implies.
	APIVersion, Kind string
	Root             source.Node
	// Origin is, for a built object, the tree in the file it came from, and Root when there is none (generated objects) or when
	// nothing was built.
	Origin source.Node
	Scope  string
	Built  bool
	// Context is true for objects that are there for what others say of them, and are not checked themselves.
	Context bool
}

// Options say how to read. The zero value reads from the process's working directory, without helm.
type Options struct {
	// Dir is what relative paths are relative to, and what names in messages are shown relative to; "" is the working directory.
	Dir string
	// Stdin is what the path - reads.
	Stdin io.Reader
	// Helm is the path of the user's helm, "" when there is none.
	Helm string
	// MaxFileBytes is the largest file to read; 0 means DefaultMaxFileBytes.
	MaxFileBytes int64
	// Instead is what to read in the place of some files, by the names that an Input calls them: how it would be after an edit.
	Instead map[string][]byte

	disk disk // nil: the real one
}

// DefaultMaxFileBytes is far above any manifest (an object in etcd is at most 1.5 MiB), room for dumps of whole clusters.
const DefaultMaxFileBytes = 64 << 20

// bytesInFlight bounds the files that are being read and parsed at one time, whatever the number of processors.
const bytesInFlight = 256 << 20

// StdinName is how messages call standard input.
const StdinName = "<stdin>"

// loader is one call of Load.
type loader struct {
	Options
	realDir string            // Dir without symbolic links
	named   []string          // the folders that the user named, or named files in, without symbolic links
	instead map[string][]byte // Instead by real paths
	flight  *semaphore.Weighted
}

// Load reads paths. The error is a *problem.Problem for paths that do not exist, or the context's; everything else that goes
// wrong is in the Input.
func Load(ctx context.Context, paths []string, o Options) (*Input, error) {
	l := &loader{Options: o, flight: semaphore.NewWeighted(bytesInFlight)}
	if l.disk == nil {
		l.disk = realDisk{}
	}
	l.MaxFileBytes = cmp.Or(l.MaxFileBytes, DefaultMaxFileBytes)
	if l.Dir == "" {
		wd, err := os.Getwd()
		if err != nil {
			return nil, &problem.Problem{What: "cannot find the working directory", Why: err.Error(), Next: "change to a folder that exists", Err: err}
		}
		l.Dir = wd
	}
	l.realDir = l.Dir
	if real, err := l.disk.EvalSymlinks(l.Dir); err == nil {
		l.realDir = real
	}

	l.instead = map[string][]byte{}
	for name, data := range l.Instead {
		at := filepath.FromSlash(name)
		if !filepath.IsAbs(at) {
			at = filepath.Join(l.Dir, at)
		}
		if real, err := l.disk.EvalSymlinks(at); err == nil {
			l.instead[real] = data
		}
	}

	w := newWalker(l)
	for _, p := range paths {
		if err := w.path(p); err != nil {
			return nil, err
		}
	}
	w.followLinks()

	var (
		kust   *kustomize
		charts []rendered
		wg     sync.WaitGroup
	)
	wg.Go(func() {
		kust = newKustomize(l, w.kustomizations, w.beside)
		kust.build(ctx)
	})
	wg.Go(func() { charts = l.renderCharts(ctx, w.charts) })
	units := l.readAll(ctx, w.files)
	above := l.readAll(ctx, w.servicesAbove())
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in := assemble(l, w, units, kust, charts)
	for _, u := range above {
		in.declareAbove(l, u)
	}
	in.sort()
	return in, nil
}

// readAll reads files on all processors and returns what they hold, in the order of files.
func (l *loader) readAll(ctx context.Context, files []entry) []*unit {
	units := make([]*unit, len(files))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		wg.Go(func() {
			for i := range next {
				units[i] = l.read(ctx, files[i])
			}
		})
	}
	for i := range files {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	return units
}

// assemble puts the parts together: files that a build used give way to what it made of them.
func assemble(l *loader, w *walker, units []*unit, kust *kustomize, charts []rendered) *Input {
	in := &Input{Skipped: w.skipped, Failures: w.failures}
	byPath := make(map[string]*unit, len(units))
	var quiet, markup tally
	for _, u := range append(units, kust.units...) {
		byPath[u.real] = u
		role := kust.roles[u.real]
		if role == roleInput && u.real != "" {
			u = u.aside(KustomizePatch, "used by "+kust.users[u.real])
		}
		in.Stats.add(u)
		in.Skipped = append(in.Skipped, u.skipped...)
		in.Failures = append(in.Failures, u.failures...)
		in.Artifacts = append(in.Artifacts, u.artifacts...)
		in.Declared = append(in.Declared, u.declared...)
		if u.quiet {
			quiet.add(u.root, 1)
		}
		if u.markup > 0 {
			markup.add(path.Dir(u.name), u.markup)
		}
		if role == roleBuilt && len(u.trees) > 0 {
			continue // the build's objects stand for it
		}
		in.Objects = append(in.Objects, u.trees...)
		if u.file != nil && (len(u.trees) > 0 || len(u.failures) > 0) {
			in.Files = append(in.Files, u.file)
		}
	}
	quiet.each(func(root string, _, n int) {
		in.skip(finding.Place{File: root}, NotKubernetes, count(n, "JSON file")+" that hold no Kubernetes objects")
	})
	markup.each(func(folder string, files, n int) {
		in.skip(finding.Place{File: folder}, HelmTemplate, count(n, "document")+" in "+count(files, "file")+" with template markup; render them first and check the result")
	})
	w.ignored.each(func(root string, n, _ int) {
		in.skip(finding.Place{File: root}, IgnoredFolder, count(n, "folder")+" not read: "+strings.Join(w.ignored.notes[root], ", "))
	})

	in.Generated = kust.generated()
	origins := kust.link(byPath)
	in.Files = append(append(in.Files, origins...), kust.files...)
	for _, b := range kust.built {
		in.Files = append(in.Files, b.file)
		in.Objects = append(in.Objects, b.trees...)
	}
	in.Stats.Builds += len(kust.built)
	in.Skipped = append(in.Skipped, kust.skipped...)
	in.Failures = append(in.Failures, kust.failures...)
	in.Stats.Files += kust.stats.Files
	in.Stats.Bytes += kust.stats.Bytes
	in.Stats.Documents += kust.stats.Documents
	in.Stats.Loaded += kust.stats.Loaded
	in.Stats.SkippedDocuments += kust.stats.SkippedDocuments
	in.Stats.FailedDocuments += kust.stats.FailedDocuments

	for _, c := range charts {
		for _, u := range c.units {
			in.Objects = append(in.Objects, u.trees...)
			in.Skipped = append(in.Skipped, u.skipped...)
			in.Failures = append(in.Failures, u.failures...)
			in.Files = append(in.Files, u.file)
		}
		in.Skipped = append(in.Skipped, c.skipped...)
		in.Failures = append(in.Failures, c.failures...)
		if len(c.units) > 0 {
			in.Stats.Builds++
		}
	}
	return in
}

func (in *Input) skip(p finding.Place, reason, detail string) {
	in.Skipped = append(in.Skipped, finding.Skipped{Place: p, Reason: reason, Detail: detail})
}

func (in *Input) sort() {
	slices.SortStableFunc(in.Files, func(a, b *source.File) int { return cmp.Compare(a.Name, b.Name) })
	in.Files = slices.CompactFunc(in.Files, func(a, b *source.File) bool { return a == b })
	slices.SortStableFunc(in.Objects, func(a, b Tree) int { return cmp.Compare(a.Root.File().Name, b.Root.File().Name) })
	slices.SortStableFunc(in.Skipped, func(a, b finding.Skipped) int {
		return cmp.Or(a.Place.Compare(b.Place), cmp.Compare(a.Reason, b.Reason))
	})
	slices.SortStableFunc(in.Failures, func(a, b finding.Failure) int {
		return cmp.Or(a.Place.Compare(b.Place), cmp.Compare(a.Message, b.Message))
	})
}

func (s *Stats) add(u *unit) {
	s.Files++
	s.Bytes += u.bytes
	s.Documents += u.loaded + u.left + u.failed
	s.Loaded += u.loaded
	s.SkippedDocuments += u.left
	s.FailedDocuments += u.failed
}

// tally counts things by name, in the order of first mention.
type tally struct {
	order []string
	adds  map[string]int      // how often a name was added to
	sums  map[string]int      // what was added
	notes map[string][]string // in the order of addition
}

func (t *tally) add(name string, n int, notes ...string) {
	if t.adds == nil {
		t.adds, t.sums, t.notes = map[string]int{}, map[string]int{}, map[string][]string{}
	}
	if t.adds[name] == 0 {
		t.order = append(t.order, name)
	}
	t.adds[name]++
	t.sums[name] += n
	t.notes[name] = append(t.notes[name], notes...)
}

func (t *tally) each(f func(name string, adds, sum int)) {
	for _, name := range t.order {
		f(name, t.adds[name], t.sums[name])
	}
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// show returns how messages call a path that no user named: relative to the working directory when inside it.
func (l *loader) show(real string) string {
	if rel, err := filepath.Rel(l.realDir, real); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(real)
}

// disk is what the package asks of the file system.
type disk interface {
	Stat(name string) (fs.FileInfo, error)
	Lstat(name string) (fs.FileInfo, error)
	ReadDir(name string) ([]fs.DirEntry, error)
	EvalSymlinks(name string) (string, error)
	Open(name string) (fs.File, error)
}

type realDisk struct{}

func (realDisk) Stat(name string) (fs.FileInfo, error)      { return os.Stat(name) }
func (realDisk) Lstat(name string) (fs.FileInfo, error)     { return os.Lstat(name) }
func (realDisk) ReadDir(name string) ([]fs.DirEntry, error) { return os.ReadDir(name) }
func (realDisk) EvalSymlinks(name string) (string, error)   { return filepath.EvalSymlinks(name) }

// Open does not wait for somebody to write to a pipe, unless the shell that made the pipe has seen to it.
func (realDisk) Open(name string) (fs.File, error) {
	if isDescriptor(name) {
		return os.Open(name)
	}
	return os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
