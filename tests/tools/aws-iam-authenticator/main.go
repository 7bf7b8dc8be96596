// Asks the existing authenticator's verifier about tokens: one a line, as hexadecimal digits, since a token may be any text.
// Answers a line with "accepted" or why not. What AWS would be asked is answered here, always with yes, so that
// what is compared is everything that the verifier checks itself.
package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/sirupsen/logrus"
	"sigs.k8s.io/aws-iam-authenticator/pkg/token"
)

const identity = `{"GetCallerIdentityResponse":{"GetCallerIdentityResult":{` +
	`"Account":"111122223333","Arn":"arn:aws:iam::111122223333:user/alice","UserId":"AIDAEXAMPLE"},"ResponseMetadata":{}}}`

type yes struct{}

func (yes) RoundTrip(request *http.Request) (*http.Response, error) {
	body := io.NopCloser(strings.NewReader(identity))
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, Request: request}, nil
}

func main() {
	http.DefaultTransport = yes{}
	logrus.SetOutput(io.Discard)
	verifier := token.NewVerifier(os.Args[1], "aws", "us-east-1")
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text, err := hex.DecodeString(lines.Text())
		if err != nil {
			panic(err)
		}
		answer := "accepted"
		if _, err := verifier.Verify(string(text)); err != nil {
			answer = strings.Join(strings.Fields(err.Error()), " ")
		}
		fmt.Println(answer)
	}
}
