package twin

import (
	"net/http"
	"testing"
)

// AdminStatus calls the administration with an Authorization header of the test's choice.
func AdminStatus(t *testing.T, tw *Twin, authorization string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tw.admin+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", authorization)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// EndedByItself says whether a stopped program left without being killed.
func EndedByItself(tw *Twin) bool {
	<-tw.ended
	return tw.cmd.ProcessState.ExitCode() == 0
}
