package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/gate/admit"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/store"
)

func newGate(e Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "gate",
		Short: "make rules hold in the API server",
		Long: "Gate turns rules into ValidatingAdmissionPolicies, with which the API server itself audits, warns about or denies what breaks them.\n" +
			"There is no webhook to run. Which rules, what is done about each, and who is exempt until when is said by the policy file, under gate:.",
		Example: "  fairway gate export -o gate/ && kubectl apply --server-side -f gate/\n  fairway gate check deploy/\n  fairway gate status",
		Args:    knownVerb,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(newGateExport(e), newGateCheck(e), newGateStatus(e))
	return cmd
}

// readPlan reads the policy that a flag names, or the nearest one, and makes the gate's plan of it.
func readPlan(e Env, policy string) (*gate.Plan, *rule.Policy, error) {
	c := catalogue.New()
	f := &lintFlags{policy: policy}
	p, err := f.readPolicy(c)
	if err != nil {
		return nil, nil, err
	}
	plan, err := gate.NewPlan(c, p, e.Now())
	if err != nil {
		return nil, nil, &problem.Problem{What: "the policy is not valid", Why: err.Error(), Next: "correct the line named"}
	}
	for _, l := range plan.Left {
		next := ""
		if l.Expired {
			next = "; renew it or remove it"
		}
		note(e, "fairway: %s:%d: not honoured for %s: %s%s\n", p.File, l.Line, strings.Join(l.Rules, ", "), l.Why, next)
	}
	return plan, p, nil
}

func newGateExport(e Env) *cobra.Command {
	var policy, output string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "write ValidatingAdmissionPolicies and their bindings",
		Long: "Export writes a ValidatingAdmissionPolicy and its binding for every rule that one object is enough to judge by, and a ConfigMap with the\n" +
			"rules' parameters: manifests to review, commit and apply. The same policy file always gives the same bytes. Nothing is applied.",
		Example: "  fairway gate export                       # to standard output\n  fairway gate export -o gate/ && kubectl apply --server-side -f gate/",
		Args:    noArgs,
	}
	cmd.Flags().StringVar(&policy, "policy", "", "policy file (default: "+PolicyFile+" here or in a folder above)")
	cmd.Flags().StringVarP(&output, "output", "o", "-", "folder to write to, one file a rule; - is standard output")
	_ = cmd.MarkFlagDirname("output")
	cmd.RunE = func(*cobra.Command, []string) error {
		if output == "" {
			return &problem.Problem{What: "--output is empty", Next: "name a folder, or . for this one"}
		}
		plan, p, err := readPlan(e, policy)
		if err != nil {
			return err
		}
		file := ""
		if p != nil {
			file = p.File
		}
		if err := admit.CheckOwn(plan, file); err != nil {
			return err
		}
		files := plan.Export(Version())
		if output == "-" {
			for i, f := range files {
				if i > 0 {
					io.WriteString(e.Stdout, "---\n")
				}
				if _, err := e.Stdout.Write(f.Data); err != nil {
					return err
				}
			}
			return nil
		}
		write, err := into(e, output, files)
		if err != nil {
			return err
		}
		if err := store.WriteFiles(write); err != nil {
			return &problem.Problem{What: "cannot write the policies", Where: output, Why: err.Error(), Next: "choose another folder with -o", Err: err}
		}
		fmt.Fprintf(e.Stderr, "fairway: %s in %s; next: kubectl apply --server-side -f %s\n", report.Count(len(files), "file", "files"), report.Clean(output), report.Clean(output))
		return nil
	}
	return cmd
}

// into names the files of an export in their folder. Files of an earlier export that are no part of it any more are told of, and those that
// somebody else made are not overwritten.
func into(e Env, dir string, files []gate.File) ([]store.File, error) {
	made := func(name string) bool {
		data, err := os.ReadFile(filepath.Join(dir, name))
		return err == nil && bytes.Contains(data, []byte(gate.ManagedLabel+": "+gate.ManagedBy))
	}
	var out []store.File
	current := map[string]bool{}
	for _, f := range files {
		name := filepath.Join(dir, f.Name)
		if _, err := os.Lstat(name); err == nil && !made(f.Name) {
			return nil, &problem.Problem{What: "will not overwrite a file that is no policy of the gate", Where: name, Next: "choose another folder with -o, or remove the file"}
		}
		current[f.Name] = true
		out = append(out, store.File{Name: name, Data: f.Data})
	}
	there, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, &problem.Problem{What: "cannot write the policies", Where: dir, Why: problem.Plain(err), Next: "choose another folder with -o", Err: err}
	}
	for _, f := range there {
		if name := f.Name(); !current[name] && strings.HasSuffix(name, ".yaml") && made(name) {
			note(e, "fairway: %s is of an earlier export; remove it, and its policies from the cluster: kubectl delete -f %[1]s\n", filepath.ToSlash(filepath.Join(dir, name)))
		}
	}
	return out, nil
}
