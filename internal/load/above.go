package load

import (
	"path"
	"path/filepath"
)

// servicesAbove finds the service files of the nearest folder that has some, above each path that the user named and within its Git repository: a
// golden path puts fairway.yaml beside the folder of its manifests, and who names that folder means the same service. Files that were found
// already are not among them.
func (w *walker) servicesAbove() (out []entry) {
	for _, p := range w.typed {
		at, name, top := p.at, p.name, w.l.repositoryOf(p.at)
		if !p.folder {
			at, name = filepath.Dir(at), path.Dir(name)
		}
		for {
			found := w.servicesIn(at, name)
			for _, e := range found {
				if _, known := w.seen[e.real]; !known {
					w.seen[e.real] = e.name
					out = append(out, e)
				}
			}
			if len(found) > 0 || at == top || at == filepath.Dir(at) {
				break
			}
			at = filepath.Dir(at)
			if base := path.Base(name); base == "." || base == ".." {
				name = path.Join(name, "..")
			} else {
				name = path.Dir(name)
			}
		}
	}
	return out
}

// servicesIn lists the service files of one folder.
func (w *walker) servicesIn(at, name string) (out []entry) {
	files, err := w.l.disk.ReadDir(at)
	if err != nil {
		return nil
	}
	for _, f := range files {
		if !isService(f.Name()) || !f.Type().IsRegular() {
			continue
		}
		if real, err := w.l.disk.EvalSymlinks(filepath.Join(at, f.Name())); err == nil {
			out = append(out, entry{real: real, name: path.Join(name, f.Name()), root: name})
		}
	}
	return out
}

// declareAbove takes in what a service file above the named paths declares. It counts as no input otherwise, but one that cannot be read is told:
// rules would judge without it.
func (in *Input) declareAbove(l *loader, u *unit) {
	in.Failures = append(in.Failures, u.failures...)
	for _, d := range u.declared {
		in.Declared = append(in.Declared, d)
		// The base that an overlay builds on is called by its place from the working directory, whatever the user typed.
		if d.File = l.show(u.real); d.File != u.name {
			in.Declared = append(in.Declared, d)
		}
	}
}
