package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/store"
)

func newCatalogueInit(e Env) *cobra.Command {
	var name, owner string
	var shapes []string
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "begin a catalogue from Fairway's own paths",
		Long: "Init writes the folder of a catalogue: shapes copied from Fairway's newest paths as version 1.0.0, to be changed as the organisation needs it, a changelog,\n" +
			"and a service to test each shape with. Nothing that is there is overwritten.",
		Example: "  fairway catalogue init catalogue-shop\n  fairway catalogue init catalogue-shop --shape stateless-service,cron-job --owner platform",
		Args:    exactArgs(1, "a folder"),
	}
	flags := cmd.Flags()
	flags.StringVar(&name, "name", "", "what the catalogue is called (default: as the folder)")
	flags.StringVar(&owner, "owner", "platform", "the team that keeps it")
	flags.StringSliceVar(&shapes, "shape", nil, "shapes to begin with (default: all)")
	_ = cmd.RegisterFlagCompletionFunc("shape", completeShapes(new(string)))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir := args[0]
		at, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		if name == "" {
			name = filepath.Base(at)
		}
		files, err := beginning(name, owner, e.Now().Format(time.DateOnly), shapes)
		if err != nil {
			return err
		}
		if there, err := os.ReadDir(dir); err == nil && len(there) > 0 {
			return &problem.Problem{What: "the folder is not empty", Where: dir, Next: "name a new folder"}
		}
		for i := range files {
			files[i].Name = filepath.Join(dir, filepath.FromSlash(files[i].Name))
		}
		if err := store.WriteFiles(files); err != nil {
			return &problem.Problem{What: "cannot write the catalogue", Where: dir, Why: problem.Plain(err), Next: "make the folder writable, or name another", Exit: problem.ExitIncomplete, Err: err}
		}
		for _, f := range files {
			if err := say(e.Stdout, filepath.ToSlash(f.Name)+"\n"); err != nil {
				return err
			}
		}
		note(e, "fairway: wrote %s\n  next: read %s, then: fairway catalogue test %s --update\n", report.Count(len(files), "file", "files"), filepath.ToSlash(filepath.Join(dir, "README.md")), dir)
		return nil
	}
	return cmd
}

// beginning are the files of a new catalogue.
func beginning(name, owner, date string, shapes []string) (files []store.File, err error) {
	own, err := ownCatalogue()
	if err != nil {
		return nil, err
	}
	if len(shapes) == 0 {
		shapes = own.Shapes()
	}
	add := func(name string, data []byte) { files = append(files, store.File{Name: name, Data: data}) }
	say := func(text string) string { return source.String(text).Inline(0, false) }
	add("README.md", []byte(fmt.Sprintf(catalogueReadme, name, owner)))
	add("catalogue.yaml", []byte(fmt.Sprintf("schemaVersion: 1\nname: %s\ntitle: %s\nowner: %s\n", say(name), say("The golden paths of "+name), say(owner))))
	add("changelog/1.0.0.yaml", []byte(fmt.Sprintf("version: 1.0.0\ndate: %s\nsummary: the first version, begun from Fairway's own paths\nchanges: []\n", date)))
	add("tests/accepted.yaml", []byte("- rule: image-digest-missing\n  reason: the services of these tests name a tag; what a team deploys is its own\n"))
	slices.Sort(shapes)
	for _, shape := range slices.Compact(shapes) {
		shape, version, err := own.Find(shape)
		if err != nil {
			return nil, unknownPath(err, "")
		}
		from := path.Join("paths", shape, version)
		p, err := goldenpath.LoadPath(content.FS, from)
		if err != nil {
			return nil, err
		}
		err = fs.WalkDir(content.FS, from, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := fs.ReadFile(content.FS, name)
			if name == path.Join(from, "path.yaml") {
				data = []byte(strings.Replace(string(data), "\nversion: "+version+"\n", "\nversion: 1.0.0\n", 1))
			}
			add(path.Join("paths", shape, "1.0.0", strings.TrimPrefix(name, from+"/")), data)
			return err
		})
		if err != nil {
			return nil, err
		}
		add(path.Join("tests", shape, "example.yaml"), p.Least())
	}
	return files, nil
}

const catalogueReadme = `# %s

An organisation's own golden paths, kept by %s. ` + "`fairway new SHAPE --catalogue THIS-FOLDER`" + ` writes a service from them; with
` + "`catalogue: THIS-FOLDER`" + ` in fairway.org.yaml every service below it uses them.

| folder | what it holds |
|---|---|
| paths/SHAPE/VERSION | path.yaml says what a service file may say; the other files are manifests with marks in comments |
| changelog/VERSION.yaml | what a version changed: one named change for each default |
| defaults, incidents | records of your own; one with the ID of a record of Fairway takes its place |
| tests/SHAPE/NAME.yaml | service files to test a shape with |
| tests/golden | what they render to, written by fairway catalogue test --update |
| tests/accepted.yaml | findings that you live with, each with its rule and reason |

To change a default:

1. Copy paths/SHAPE/1.0.0 to paths/SHAPE/1.1.0, say the version in its path.yaml, and change the line. A version that is out stays as it is.
2. Write changelog/1.1.0.yaml: version, date, summary, and a change with id, title, default, shapes, from, to, fields, reason, incident and severity.
3. ` + "`fairway catalogue test --update`" + `, and look at what Git shows: the golden files say what each service meets.
4. Teams see it with ` + "`fairway upgrade`" + ` as a change with your reason, which they take, leave for later or waive.
`
