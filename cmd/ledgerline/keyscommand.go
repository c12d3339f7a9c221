package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

type keyAnswer struct {
	UserID, UserName, Fingerprint, LifecycleState string
	ReadOnly                                      bool
	TimeCreated                                   *time.Time
}

func newKeys(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Give users API keys, with which Oracle's clients sign",
	}
	cmd.AddCommand(newKeysAdd(g), newKeysList(g), newKeysRevoke(g))
	return cmd
}

func newKeysAdd(g *globals) *cobra.Command {
	var public, dir, region, profile string
	var bits int
	cmd := &cobra.Command{
		Use:   "add USER",
		Short: "Add an API key: make one and print the OCI configuration that names it, or take a public key",
		Long: `Add an API key to a user. Without --public-key a key is made in the folder --out, and what
~/.oci/config needs is printed. The private key stays in that folder; the server gets the
public half. RSA keys of 2048 to 4096 bits are taken.`,
		Example: "  ledgerline keys add robot --out ~/.oci >> ~/.oci/config\n  ledgerline keys add robot --public-key oci_api_key_public.pem",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, tenancy, err := g.clientAndTenancy(cmd)
			if err != nil {
				return err
			}
			var u userAnswer
			if err := c.call(cmd.Context(), "GET", userPath(args[0]), nil, &u); err != nil {
				return err
			}
			var private string
			var text []byte
			if public != "" {
				text, err = os.ReadFile(public)
			} else {
				private, text, err = newKeyPair(dir, u.Name, bits)
			}
			if err != nil {
				return err
			}
			var k keyAnswer
			if err := c.call(cmd.Context(), "POST", userPath(u.ID)+"/keys", map[string]string{"key": string(text)}, &k); err != nil {
				return err
			}
			if private == "" {
				fmt.Fprintln(g.out, k.Fingerprint)
				return nil
			}
			cfg, err := g.load()
			if err != nil {
				return err
			}
			if cfg.Server != nil {
				fmt.Fprintf(g.out, "# endpoint of every service: %s\n", baseURL(cfg.Server))
			}
			fmt.Fprint(g.out, ociProfile(cmp.Or(profile, args[0]), u.ID, k.Fingerprint, tenancy, region, private))
			return nil
		},
	}
	cmd.Flags().StringVar(&public, "public-key", "", "PEM file of a public key")
	cmd.Flags().StringVar(&dir, "out", ".", "folder for the key that is made")
	cmd.Flags().IntVar(&bits, "bits", keyBits, "size of the key that is made, 2048 to 4096")
	cmd.Flags().StringVar(&profile, "profile", "", "profile in the printed configuration; clients take DEFAULT when told none (default the user)")
	cmd.Flags().StringVar(&region, "region", demoRegion, "region in the printed configuration; clients need one, the server does not care which")
	cmd.MarkFlagsMutuallyExclusive("public-key", "out")
	cmd.MarkFlagsMutuallyExclusive("public-key", "bits")
	return cmd
}

// newKeyPair makes a key in a folder and never replaces one.
func newKeyPair(dir, user string, bits int) (private string, public []byte, err error) {
	if bits < 2048 || bits > 4096 {
		return "", nil, fmt.Errorf("--bits is %d; a key has 2048 to 4096", bits)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", nil, err
	}
	name := filepath.Join(dir, "ledgerline_"+fileSafe(user))
	k := &apiKey{privateFile: name + ".pem", publicFile: name + "_public.pem", bits: bits}
	if _, err := os.Stat(k.privateFile); !errors.Is(err, fs.ErrNotExist) {
		return "", nil, fmt.Errorf("%s is there already; choose another folder with --out, or add its public half with --public-key %s", k.privateFile, k.publicFile)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	public, err = k.generate()
	return k.privateFile, public, err
}

// fileSafe keeps of a name what any file system takes.
func fileSafe(name string) string {
	out := []rune(name)
	for i, r := range out {
		if !(r == '-' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
			out[i] = '_'
		}
	}
	return string(out)
}

// ociProfile is a section of Oracle's client configuration.
func ociProfile(name, user, fingerprint, tenancy, region, keyFile string) string {
	return fmt.Sprintf("[%s]\nuser=%s\nfingerprint=%s\ntenancy=%s\nregion=%s\nkey_file=%s\n", name, user, fingerprint, tenancy, region, keyFile)
}

func newKeysList(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "list [USER]",
		Short:   "List the API keys of a user, or of all",
		Example: "  ledgerline keys list\n  ledgerline keys list robot",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			names := args
			if len(args) == 0 {
				var users struct{ Items []userAnswer }
				if err := c.call(cmd.Context(), "GET", "/ledgerline/v1/users", nil, &users); err != nil {
					return err
				}
				for _, u := range users.Items {
					names = append(names, u.ID)
				}
			}
			var rows [][]string
			for _, name := range names {
				var list struct{ Items []keyAnswer }
				if err := c.call(cmd.Context(), "GET", userPath(name)+"/keys", nil, &list); err != nil {
					return err
				}
				for _, k := range list.Items {
					created := at(k.TimeCreated)
					if k.ReadOnly {
						created = "configuration file"
					}
					rows = append(rows, []string{k.UserName, k.Fingerprint, k.LifecycleState, created, k.UserID})
				}
			}
			printTable(g.out, []string{"User", "Fingerprint", "State", "Added", "User OCID"}, rows)
			return nil
		},
	}
}

func newKeysRevoke(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke USER FINGERPRINT",
		Short:   "Take an API key back; the next request it signs is refused",
		Example: "  ledgerline keys revoke robot 20:3b:97:13:55:1c:8e:f4:3a:0d:b2:c6:5f:9e:01:7a",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client()
			if err != nil {
				return err
			}
			return c.call(cmd.Context(), "DELETE", userPath(args[0])+"/keys/"+url.PathEscape(args[1]), nil, nil)
		},
	}
}
