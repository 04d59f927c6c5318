// The screens in the halls: go on to the next indicator, stop, print.

const STILL = 'ducha-wall-still';

export function startWall() {
  const next = document.querySelector('[data-rotate]');
  const hold = document.querySelector('[data-hold]');
  const print = document.querySelector('[data-print]');
  if (print) {
    print.hidden = false;
    print.addEventListener('click', () => window.print());
  }
  if (!next || !hold) return;

  // Who wants less motion starts it himself.
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
  let still = (sessionStorage.getItem(STILL) ?? String(calm)) === 'true';
  let timer;
  const turn = () => {
    hold.textContent = still ? '开始轮播' : '暂停轮播';
    clearTimeout(timer);
    if (!still) timer = setTimeout(() => next.click(), 1000 * Number(next.dataset.rotate));
  };
  hold.hidden = false;
  hold.addEventListener('click', () => {
    still = !still;
    sessionStorage.setItem(STILL, String(still));
    turn();
  });
  turn();
}
