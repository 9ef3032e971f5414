// Sends the form to the backend and shows what it says.
const form = document.querySelector('#login');
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  const answer = await fetch('/v1/auth/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  form.querySelector('output').textContent = answer.ok ? '로그인되었습니다' : '시스템 에러가 발생했습니다';
});
