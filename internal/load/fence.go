package load

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// A fence is the folders, without symbolic links, that files may be read from because the input refers to them. What somebody wrote
// into a manifest must not make Fairway read, and show, any file that its user can read.
type fence []string

// fenceOf returns the fence of a folder: the Git repository that it is in; without one the folders that the user named, of those that
// hold it; and the folder itself. Kustomize's own restriction is the folder alone; Flux and Argo CD lift it for the whole repository.
func (l *loader) fenceOf(dir string) fence {
	f := fence{dir}
	if repository := l.repositoryOf(dir); repository != "" {
		return append(f, repository)
	}
	for _, named := range l.named {
		if within(dir, named) {
			f = append(f, named)
		}
	}
	return f
}

// repositoryOf returns the Git repository that a folder is in, "" when it is in none.
func (l *loader) repositoryOf(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := l.disk.Lstat(filepath.Join(at, ".git")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

// holds reports whether a path without symbolic links is inside. Git's own folder, which may keep the credentials that a pipeline
// checked the repository out with, is not.
func (f fence) holds(real string) bool {
	return slices.ContainsFunc(f, func(root string) bool {
		rel, err := filepath.Rel(root, real)
		isGit := func(name string) bool { return strings.EqualFold(name, ".git") }
		return err == nil && filepath.IsLocal(rel) && !slices.ContainsFunc(strings.Split(rel, string(filepath.Separator)), isGit)
	})
}

// widest is the folder that messages name.
func (f fence) widest() string {
	return slices.MinFunc(f, func(a, b string) int { return len(a) - len(b) })
}

// border says in messages what a fence is around.
func (l *loader) border(f fence) string {
	if name := l.show(f.widest()); name != "." {
		return name
	}
	return "the working directory"
}

// strays returns the first symbolic link in a folder, below it, or in folders that links there lead to, that leads out of the fence,
// "" when there is none.
func (l *loader) strays(dir string, f fence) string { return l.straysIn(dir, f, map[string]bool{}) }

func (l *loader) straysIn(dir string, f fence, seen map[string]bool) string {
	if seen[dir] {
		return ""
	}
	seen[dir] = true
	entries, err := l.disk.ReadDir(dir)
	if err != nil {
		return "" // nobody else can read it either
	}
	for _, e := range entries {
		at := filepath.Join(dir, e.Name())
		switch {
		case e.IsDir():
			if found := l.straysIn(at, f, seen); found != "" {
				return found
			}
		case e.Type()&fs.ModeSymlink != 0:
			real, err := l.disk.EvalSymlinks(at)
			if err != nil {
				continue
			}
			if !f.holds(real) {
				return at
			}
			if info, err := l.disk.Stat(real); err == nil && info.IsDir() {
				if found := l.straysIn(real, f, seen); found != "" {
					return found
				}
			}
		}
	}
	return ""
}

// fencedDisk is the disk as a build of kustomize sees it: inside its fence only, and not to be written to. All references are looked
// at before a build begins; this is for those that are not known.
type fencedDisk struct {
	filesys.FileSystem
	fence   fence
	most    int64             // bytes of a file
	instead map[string][]byte // see Options.Instead, by real paths
}

func newFencedDisk(f fence, most int64, instead map[string][]byte) fencedDisk {
	return fencedDisk{filesys.MakeFsOnDisk(), f, most, instead}
}

var errReadOnly = errors.New("a build writes no files")

// check returns a path without symbolic links, when it is inside.
func (d fencedDisk) check(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return "", err
	}
	if !d.fence.holds(real) {
		return "", fmt.Errorf("%s leads out of %s", path, d.fence.widest())
	}
	switch info, err := os.Stat(real); {
	case err != nil || info.IsDir():
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is %s, no file", path, what(info.Mode())) // reading it might never end
	case info.Size() > d.most:
		return "", fmt.Errorf("%s is larger than %d MiB", path, d.most>>20)
	}
	return real, nil
}

func (d fencedDisk) ReadFile(path string) ([]byte, error) {
	real, err := d.check(path)
	if err != nil {
		return nil, err
	}
	if data, ok := d.instead[real]; ok {
		return data, nil
	}
	return d.FileSystem.ReadFile(path)
}

func (d fencedDisk) Open(path string) (filesys.File, error) {
	if _, err := d.check(path); err != nil {
		return nil, err
	}
	return d.FileSystem.Open(path)
}

func (d fencedDisk) ReadDir(path string) ([]string, error) {
	if _, err := d.check(path); err != nil {
		return nil, err
	}
	return d.FileSystem.ReadDir(path)
}

func (d fencedDisk) Walk(path string, walk filepath.WalkFunc) error {
	if _, err := d.check(path); err != nil {
		return err
	}
	return d.FileSystem.Walk(path, walk)
}

func (fencedDisk) Create(string) (filesys.File, error) { return nil, errReadOnly }
func (fencedDisk) Mkdir(string) error                  { return errReadOnly }
func (fencedDisk) MkdirAll(string) error               { return errReadOnly }
func (fencedDisk) RemoveAll(string) error              { return errReadOnly }
func (fencedDisk) WriteFile(string, []byte) error      { return errReadOnly }
