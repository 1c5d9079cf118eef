package cli

import (
	"fmt"
	"io"
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
		Example: "  fairway gate export                       # to the terminal\n  fairway gate export -o gate/ && kubectl apply --server-side -f gate/",
		Args:    cobra.NoArgs,
	}
	cmd.Flags().StringVar(&policy, "policy", "", "policy file (default: "+PolicyFile+" here or in a folder above)")
	cmd.Flags().StringVarP(&output, "output", "o", "-", "folder to write to, one file a rule; - is the terminal")
	_ = cmd.MarkFlagDirname("output")
	cmd.RunE = func(*cobra.Command, []string) error {
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
		var write []store.File
		for _, f := range files {
			write = append(write, store.File{Name: filepath.Join(output, f.Name), Data: f.Data})
		}
		if err := store.WriteFiles(write); err != nil {
			return &problem.Problem{What: "cannot write the policies", Where: output, Why: err.Error(), Next: "choose another folder with -o", Err: err}
		}
		fmt.Fprintf(e.Stderr, "fairway: %s in %s; next: kubectl apply --server-side -f %s\n", report.Count(len(files), "file", "files"), report.Clean(output), report.Clean(output))
		return nil
	}
	return cmd
}
